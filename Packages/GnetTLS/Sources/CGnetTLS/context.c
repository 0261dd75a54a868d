// Settings of many connections.

#include "internal.h"

#include <openssl/pem.h>
#include <openssl/pemerr.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include <strings.h>

/// Cipher suites with forward secrecy and authenticated encryption, and the groups of key exchange.
static const char ciphers_12[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char ciphers_13[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
static const char groups[] = "X25519:P-256:P-384";

/// Sessions that are found in a ticket are of servers of this library.
static const unsigned char session_context[] = "gnet";

static int choose_identity(SSL *ssl, int *alert, void *context);

/// The number that a version has in the protocol.
static int number_of(int version) { return version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION; }

/// Sets the common settings of all contexts, regardless of the system's configuration file.
static bool set_common(SSL_CTX *ssl, int minimum_version, int maximum_version) {
  SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(ssl, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // 112 bits at the least: RSA keys of 2,048 bits, and no signature with SHA-1.
  SSL_CTX_set_security_level(ssl, 2);
  return SSL_CTX_set_min_proto_version(ssl, number_of(minimum_version)) == 1 &&
         SSL_CTX_set_max_proto_version(ssl, number_of(maximum_version)) == 1 && SSL_CTX_set_cipher_list(ssl, ciphers_12) == 1 &&
         SSL_CTX_set_ciphersuites(ssl, ciphers_13) == 1 && SSL_CTX_set1_groups_list(ssl, groups) == 1;
}

/// Has a server keep no sessions and give no tickets: ctls_use_tickets has it give them.
static bool set_server(struct ctls_context *context) {
  SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context->ssl, SSL_OP_NO_TICKET);
  SSL_CTX_set_tlsext_servername_callback(context->ssl, choose_identity);
  SSL_CTX_set_tlsext_servername_arg(context->ssl, context);
  return SSL_CTX_set_num_tickets(context->ssl, 0) == 1 &&
         SSL_CTX_set_session_id_context(context->ssl, session_context, sizeof session_context - 1) == 1;
}

/// Has a client hand over the sessions that it is given.
static bool set_client(SSL_CTX *ssl) {
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ssl, take_ticket);
  return true;
}

struct ctls_context *ctls_make_context(bool is_server, int minimum_version, int maximum_version) {
  struct ctls_context *context = OPENSSL_zalloc(sizeof *context);
  if (context == NULL) return NULL;
  context->ssl = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
  if (context->ssl != NULL && set_common(context->ssl, minimum_version, maximum_version) &&
      (is_server ? set_server(context) : set_client(context->ssl))) {
    SSL_CTX_set_app_data(context->ssl, context);
    return context;
  }
  ctls_free_context(context);
  return NULL;
}

void ctls_free_context(struct ctls_context *context) {
  if (context == NULL) return;
  SSL_CTX_free(context->ssl);
  OPENSSL_free(context->protocols);
  for (size_t i = 0; i < context->name_count; i++) OPENSSL_free(context->names[i].name);
  OPENSSL_free(context->names);
  OPENSSL_free(context);
}

void ctls_use_tickets(struct ctls_context *context, struct ctls_tickets *tickets) {
  context->tickets = tickets;
  SSL_CTX_clear_options(context->ssl, SSL_OP_NO_TICKET);
  // A client that uses each ticket once needs as many as it opens connections, and each connection gives one.
  SSL_CTX_set_num_tickets(context->ssl, 1);
  SSL_CTX_set_timeout(context->ssl, (long)ctls_ticket_lifetime(tickets));
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context->ssl, use_ticket_key);
}

// MARK: ALPN

/// Chooses the server's first protocol that the client knows.
static int choose_protocol(
    SSL *ssl, const unsigned char **chosen, unsigned char *length, const unsigned char *offered, unsigned int count,
    void *argument) {
  (void)ssl;
  const struct ctls_context *context = argument;
  unsigned char *found = NULL;
  int outcome = SSL_select_next_proto(&found, length, context->protocols, context->protocols_count, offered, count);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool ctls_use_protocols(struct ctls_context *context, const void *protocols, size_t count) {
  context->protocols = OPENSSL_memdup(protocols, count);
  context->protocols_count = (unsigned int)count;
  if (context->protocols == NULL) return false;
  SSL_CTX_set_alpn_select_cb(context->ssl, choose_protocol, context);
  // Unlike all others, this function returns 0 for success.
  return SSL_CTX_set_alpn_protos(context->ssl, context->protocols, context->protocols_count) == 0;
}

// MARK: Names of servers

bool ctls_add_name(struct ctls_context *context, const char *name, struct ctls_context *other) {
  struct server_name *names = OPENSSL_realloc(context->names, (context->name_count + 1) * sizeof *names);
  if (names == NULL) return false;
  context->names = names;
  char *copy = OPENSSL_strdup(name);
  if (copy == NULL) return false;
  names[context->name_count++] = (struct server_name){copy, other};
  return true;
}

/// The context for a name that is in the list, with its first label or with a wildcard in the place of it.
static struct ctls_context *find(const struct ctls_context *context, const char *asked, bool by_wildcard) {
  const char *rest = by_wildcard ? strchr(asked, '.') : asked;
  if (rest == NULL || rest[0] == '\0' || (by_wildcard && rest == asked)) return NULL;
  for (size_t i = 0; i < context->name_count; i++) {
    const char *name = context->names[i].name;
    bool is_wildcard = name[0] == '*' && name[1] == '.';
    if (is_wildcard == by_wildcard && strcasecmp(by_wildcard ? name + 1 : name, rest) == 0) {
      return context->names[i].context;
    }
  }
  return NULL;
}

/// The callback for the name that a client asks for. A client that asks for an unknown name gets the first identity.
static int choose_identity(SSL *ssl, int *alert, void *argument) {
  (void)alert;
  const struct ctls_context *context = argument;
  const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (asked == NULL) return SSL_TLSEXT_ERR_NOACK;
  struct ctls_context *found = find(context, asked, false);
  if (found == NULL) found = find(context, asked, true);
  if (found != NULL) SSL_set_SSL_CTX(ssl, found->ssl);
  return SSL_TLSEXT_ERR_OK;
}

// MARK: Trust

bool ctls_trust_system(struct ctls_context *context, struct ctls_failure *failure) {
  ERR_clear_error();
  return SSL_CTX_set_default_verify_paths(context->ssl) == 1 || take_failure(failure);
}

/// Adds all certificates to the trusted ones, and to the list for clients.
static bool add_trusted(SSL_CTX *ssl, BIO *bio) {
  int count = 0;
  X509 *certificate;
  while ((certificate = PEM_read_bio_X509_AUX(bio, NULL, refuse_password, NULL)) != NULL) {
    bool is_added = X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), certificate) == 1 &&
                    SSL_CTX_add_client_CA(ssl, certificate) == 1;
    X509_free(certificate);
    if (!is_added) return false;
    count++;
  }
  return count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

bool ctls_trust(struct ctls_context *context, const struct ctls_source *source, struct ctls_failure *failure) {
  ERR_clear_error();
  BIO *bio = open_source(source);
  bool is_read = bio != NULL && add_trusted(context->ssl, bio);
  BIO_free(bio);
  if (!is_read) return take_failure(failure);
  ERR_clear_error();
  return X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context->ssl), X509_V_FLAG_PARTIAL_CHAIN) == 1 ||
         take_failure(failure);
}

bool ctls_share_trust(struct ctls_context *context, const struct ctls_context *other) {
  STACK_OF(X509_NAME) *authorities = SSL_dup_CA_list(SSL_CTX_get_client_CA_list(other->ssl));
  if (authorities == NULL) return false;
  SSL_CTX_set_client_CA_list(context->ssl, authorities);
  SSL_CTX_set1_cert_store(context->ssl, SSL_CTX_get_cert_store(other->ssl));
  return SSL_CTX_set1_param(context->ssl, SSL_CTX_get0_param(other->ssl)) == 1;
}

/// A verification that takes any certificate.
static int take_any(X509_STORE_CTX *store, void *argument) {
  (void)argument;
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

void ctls_set_verification(struct ctls_context *context, enum ctls_verification verification) {
  bool is_required = verification == CTLS_REQUIRED || verification == CTLS_ANY_REQUIRED;
  bool takes_any = verification == CTLS_ANY_IF_GIVEN || verification == CTLS_ANY_REQUIRED;
  int mode = verification == CTLS_NONE ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
  SSL_CTX_set_verify(context->ssl, is_required ? mode | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : mode, NULL);
  if (takes_any) SSL_CTX_set_cert_verify_callback(context->ssl, take_any, NULL);
}
