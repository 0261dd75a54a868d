// Streams: OpenSSL reads from and writes to rings, by a BIO of this file.

#include "internal.h"

#include <openssl/bio.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

// MARK: The BIO

/// Takes bytes out of the offer.
static int read_offered(BIO *bio, char *buffer, size_t capacity, size_t *count) {
  struct ctls_stream *stream = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  *count = 0;
  for (int part = 0; part < 2; part++) {
    size_t left = stream->offered_count[part], space = capacity - *count;
    size_t taken = left < space ? left : space;
    if (taken == 0) continue;
    memcpy(buffer + *count, stream->offered[part], taken);
    stream->offered[part] += taken;
    stream->offered_count[part] -= taken;
    *count += taken;
  }
  if (*count > 0) return 1;
  BIO_set_retry_read(bio);
  return 0;
}

static int append(BIO *bio, const char *bytes, size_t count, size_t *written) {
  struct ctls_stream *stream = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  stream->append(stream->ring, bytes, count);
  *written = count;
  return 1;
}

static long control(BIO *bio, int command, long number, void *pointer) {
  (void)bio, (void)number, (void)pointer;
  return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;
static CRYPTO_ONCE method_once = CRYPTO_ONCE_STATIC_INIT;

static void make_method(void) {
  BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "rings");
  if (made == NULL) return;
  BIO_meth_set_read_ex(made, read_offered);
  BIO_meth_set_write_ex(made, append);
  BIO_meth_set_ctrl(made, control);
  method = made;
}

// MARK: Life

struct ctls_stream *ctls_make_stream(struct ctls_context *context, bool is_server, ctls_append append) {
  ERR_clear_error();
  struct ctls_stream *stream = OPENSSL_zalloc(sizeof *stream);
  if (stream == NULL || CRYPTO_THREAD_run_once(&method_once, make_method) != 1 || method == NULL) goto failed;
  stream->append = append;
  stream->ssl = SSL_new(context->ssl);
  BIO *bio = stream->ssl == NULL ? NULL : BIO_new(method);
  if (bio == NULL) goto failed;
  BIO_set_data(bio, stream);
  BIO_set_init(bio, 1);
  SSL_set_bio(stream->ssl, bio, bio);
  SSL_set_app_data(stream->ssl, stream);
  is_server ? SSL_set_accept_state(stream->ssl) : SSL_set_connect_state(stream->ssl);
  return stream;

failed:
  ctls_free_stream(stream);
  ERR_clear_error();
  return NULL;
}

void ctls_free_stream(struct ctls_stream *stream) {
  if (stream == NULL) return;
  leave_keeper(stream);
  // Otherwise a session could not be resumed if its stream has ended without close_notify.
  if (stream->ssl != NULL) SSL_set_shutdown(stream->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(stream->ssl);
  for (int i = 0; i < stream->session_count; i++) SSL_SESSION_free(stream->sessions[i]);
  OPENSSL_free(stream);
}

bool ctls_expect_host(struct ctls_stream *stream, const char *host, bool is_verified, struct ctls_failure *failure) {
  ERR_clear_error();
  X509_VERIFY_PARAM *parameters = SSL_get0_param(stream->ssl);
  // The parsing of the address is the test of it. A host name leaves an error behind.
  ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
  bool is_address = address != NULL;
  ASN1_OCTET_STRING_free(address);
  ERR_clear_error();
  // No partial wildcards, and no name out of the subject: RFC 9525, 6.3 and 2.
  X509_VERIFY_PARAM_set_hostflags(
      parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  bool is_set = true;
  if (is_verified) {
    is_set = (is_address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, host)
                         : X509_VERIFY_PARAM_set1_host(parameters, host, 0)) == 1;
  }
  // The names of this extension are not addresses: RFC 6066, 3.
  if (is_set && !is_address) is_set = SSL_set_tlsext_host_name(stream->ssl, host) == 1;
  return is_set || take_failure(failure);
}

// MARK: Bytes

/// Remembers the largest number of bytes that are moved at once.
static void note_moved(struct ctls_stream *stream, size_t count) {
  if (count > stream->moved) stream->moved = count;
}

void ctls_offer(
    struct ctls_stream *stream, const void *first, size_t first_count, const void *second, size_t second_count) {
  stream->offered[0] = first;
  stream->offered[1] = second;
  stream->offered_count[0] = first_count;
  stream->offered_count[1] = second_count;
  note_moved(stream, first_count + second_count);
}

size_t ctls_end_offer(struct ctls_stream *stream) {
  size_t left = stream->offered_count[0] + stream->offered_count[1];
  ctls_offer(stream, NULL, 0, NULL, 0);
  return left;
}

static void begin(struct ctls_stream *stream, void *ring) {
  clear_errors();
  stream->ring = ring;
}

/// The outcome of a call that has returned `returned`.
static enum ctls_result end(struct ctls_stream *stream, int returned) {
  stream->ring = NULL;
  if (returned == 1) return CTLS_DONE;
  switch (SSL_get_error(stream->ssl, returned)) {
    case SSL_ERROR_WANT_READ: return CTLS_MORE;
    case SSL_ERROR_ZERO_RETURN: return CTLS_ENDED;
    default: break;
  }
  take_failure(&stream->failure);
  if (ERR_GET_REASON(stream->failure.code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    stream->failure.verification = SSL_get_verify_result(stream->ssl);
  }
  return CTLS_FAILED;
}

enum ctls_result ctls_handshake(struct ctls_stream *stream, void *ring) {
  // A connection that is idle from the beginning is to keep nothing.
  note_moved(stream, SIZE_MAX);
  begin(stream, ring);
  enum ctls_result result = end(stream, SSL_do_handshake(stream->ssl));
  bool has_session = result == CTLS_DONE && !SSL_is_server(stream->ssl) && SSL_version(stream->ssl) < TLS1_3_VERSION;
  if (has_session) keep_session(stream, SSL_get0_session(stream->ssl));
  return result;
}

enum ctls_result ctls_read(struct ctls_stream *stream, void *ring, void *buffer, size_t capacity, size_t *count) {
  *count = 0;
  begin(stream, ring);
  return end(stream, SSL_read_ex(stream->ssl, buffer, capacity, count));
}

size_t ctls_expected_count(const struct ctls_stream *stream) {
  int decrypted = SSL_pending(stream->ssl);
  if (decrypted > 0) return (size_t)decrypted;
  size_t encrypted = stream->offered_count[0] + stream->offered_count[1];
  return encrypted < SSL3_RT_MAX_PLAIN_LENGTH ? encrypted : SSL3_RT_MAX_PLAIN_LENGTH;
}

enum ctls_result ctls_write(struct ctls_stream *stream, void *ring, const void *bytes, size_t count) {
  size_t written;
  note_moved(stream, count);
  begin(stream, ring);
  return end(stream, SSL_write_ex(stream->ssl, bytes, count, &written));
}

void ctls_end(struct ctls_stream *stream, void *ring) {
  begin(stream, ring);
  SSL_shutdown(stream->ssl);
  ERR_clear_error();
  stream->ring = NULL;
}

struct ctls_failure ctls_get_failure(const struct ctls_stream *stream) { return stream->failure; }
