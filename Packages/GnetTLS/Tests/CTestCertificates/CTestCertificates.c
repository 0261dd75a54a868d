#include "CTestCertificates.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ctest_certificate {
  X509 *certificate;
  EVP_PKEY *key;
};

static void require(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "CTestCertificates: %s: ", what);
  ERR_print_errors_fp(stderr);
  abort();
}

static EVP_PKEY *make_key(const char *kind) {
  if (strcmp(kind, "RSA") == 0) return EVP_RSA_gen(2048);
  if (strcmp(kind, "RSA-1024") == 0) return EVP_RSA_gen(1024);
  if (strcmp(kind, "ED25519") == 0) return EVP_PKEY_Q_keygen(NULL, NULL, kind);
  return EVP_EC_gen(kind);
}

static void add_extension(X509 *certificate, X509V3_CTX *context, int kind, const char *value) {
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, kind, value);
  require(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, value);
  X509_EXTENSION_free(extension);
}

struct ctest_certificate *ctest_make_certificate(
    const struct ctest_request *request, const struct ctest_certificate *issuer) {
  struct ctest_certificate *made = calloc(1, sizeof *made);
  require(made != NULL, "memory");
  X509 *certificate = made->certificate = X509_new();
  EVP_PKEY *key = made->key = make_key(request->kind);
  require(certificate != NULL && key != NULL, request->kind);

  BIGNUM *serial = BN_new();
  require(BN_rand(serial, 120, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1, "serial number");
  BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate));
  BN_free(serial);
  X509_set_version(certificate, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate), request->not_before);
  X509_gmtime_adj(X509_getm_notAfter(certificate), request->not_after);
  X509_set_pubkey(certificate, key);
  X509_NAME *name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)request->common_name, -1, -1, 0);
  const struct ctest_certificate *signer = issuer == NULL ? made : issuer;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer->certificate));

  X509V3_CTX context;
  X509V3_set_ctx(&context, signer->certificate, certificate, NULL, NULL, 0);
  add_extension(certificate, &context, NID_basic_constraints, request->is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  add_extension(certificate, &context, NID_subject_key_identifier, "hash");
  if (request->alternatives != NULL) {
    add_extension(certificate, &context, NID_subject_alt_name, request->alternatives);
  }
  bool is_edwards = EVP_PKEY_get_base_id(signer->key) == EVP_PKEY_ED25519;
  require(X509_sign(certificate, signer->key, is_edwards ? NULL : EVP_sha256()) > 0, "signature");
  return made;
}

void ctest_free_certificate(struct ctest_certificate *certificate) {
  X509_free(certificate->certificate);
  EVP_PKEY_free(certificate->key);
  free(certificate);
}

/// The contents of a BIO in memory as text; frees the BIO.
static char *text_of(BIO *bio) {
  char *bytes;
  long count = BIO_get_mem_data(bio, &bytes);
  char *text = strndup(bytes, (size_t)count);
  BIO_free(bio);
  return text;
}

char *ctest_certificate_text(const struct ctest_certificate *certificate) {
  BIO *bio = BIO_new(BIO_s_mem());
  require(PEM_write_bio_X509(bio, certificate->certificate) == 1, "text of a certificate");
  return text_of(bio);
}

char *ctest_key_text(const struct ctest_certificate *certificate, const char *password) {
  BIO *bio = BIO_new(BIO_s_mem());
  const EVP_CIPHER *cipher = password == NULL ? NULL : EVP_aes_128_cbc();
  require(PEM_write_bio_PKCS8PrivateKey(bio, certificate->key, cipher, NULL, 0, NULL, (void *)password) == 1, "text of a key");
  return text_of(bio);
}

void ctest_free_text(char *text) { free(text); }

int ctest_queued_error_count(void) {
  int count = 0;
  while (ERR_get_error() != 0) count++;
  return count;
}

void ctest_queue_error(void) { ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH); }
