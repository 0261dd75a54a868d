// Certificates with their keys.

#include "internal.h"

#include <limits.h>
#include <openssl/pem.h>
#include <openssl/pemerr.h>
#include <openssl/x509.h>

struct ctls_identity *ctls_make_identity(void) { return OPENSSL_zalloc(sizeof(struct ctls_identity)); }

void ctls_free_identity(struct ctls_identity *identity) {
  if (identity == NULL) return;
  X509_free(identity->certificate);
  sk_X509_pop_free(identity->issuers, X509_free);
  EVP_PKEY_free(identity->key);
  OPENSSL_free(identity);
}

BIO *open_source(const struct ctls_source *source) {
  if (source->path != NULL) return BIO_new_file(source->path, "r");
  size_t count = source->count > INT_MAX ? INT_MAX : source->count;
  return BIO_new_mem_buf(source->text == NULL ? "" : source->text, (int)count);
}

int refuse_password(char *buffer, int capacity, int is_writing, void *refused) {
  (void)buffer, (void)capacity, (void)is_writing;
  if (refused != NULL) *(bool *)refused = true;
  return -1;
}

/// Reads all certificates: the first, and then the others.
static bool read_chain(struct ctls_identity *identity, BIO *bio) {
  identity->certificate = PEM_read_bio_X509_AUX(bio, NULL, refuse_password, NULL);
  identity->issuers = sk_X509_new_null();
  if (identity->certificate == NULL || identity->issuers == NULL) return false;
  X509 *issuer;
  while ((issuer = PEM_read_bio_X509(bio, NULL, refuse_password, NULL)) != NULL) {
    if (sk_X509_push(identity->issuers, issuer) <= 0) {
      X509_free(issuer);
      return false;
    }
  }
  return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

bool ctls_load_chain(struct ctls_identity *identity, const struct ctls_source *source, struct ctls_failure *failure) {
  ERR_clear_error();
  BIO *bio = open_source(source);
  bool is_read = bio != NULL && read_chain(identity, bio);
  BIO_free(bio);
  if (!is_read) return take_failure(failure);
  ERR_clear_error();
  return true;
}

bool ctls_load_key(struct ctls_identity *identity, const struct ctls_source *source, struct ctls_failure *failure) {
  ERR_clear_error();
  bool is_encrypted = false;
  BIO *bio = open_source(source);
  if (bio != NULL) identity->key = PEM_read_bio_PrivateKey(bio, NULL, refuse_password, &is_encrypted);
  BIO_free(bio);
  if (identity->key == NULL) {
    take_failure(failure);
    if (is_encrypted) failure->own = "it is encrypted, and must be decrypted first";
    return false;
  }
  ERR_clear_error();
  return true;
}

/// The fault of a certificate's period of validity; null for none.
static const char *fault_of_period(X509 *certificate, const char *expired, const char *future) {
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) return expired;
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) return future;
  return NULL;
}

bool ctls_check_identity(const struct ctls_identity *identity, struct ctls_failure *failure) {
  *failure = (struct ctls_failure){
      .own = fault_of_period(identity->certificate, "the certificate has expired", "the certificate is not valid yet")};
  for (int i = 0; i < sk_X509_num(identity->issuers) && failure->own == NULL; i++) {
    failure->own = fault_of_period(
        sk_X509_value(identity->issuers, i), "a certificate of the chain has expired",
        "a certificate of the chain is not valid yet");
  }
  if (failure->own != NULL) return false;
  // A context of the same settings as those of connections refuses what they would refuse.
  struct ctls_context *context = ctls_make_context(true, 12, 13);
  if (context == NULL) return take_failure(failure);
  bool is_usable = ctls_use_identity(context, identity, failure);
  ctls_free_context(context);
  return is_usable;
}

bool ctls_use_identity(
    struct ctls_context *context, const struct ctls_identity *identity, struct ctls_failure *failure) {
  ERR_clear_error();
  return SSL_CTX_use_cert_and_key(context->ssl, identity->certificate, identity->key, identity->issuers, 1) == 1 ||
         take_failure(failure);
}
