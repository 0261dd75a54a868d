#include "CLoadTLS.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>

struct cload_tls {
  SSL_CTX *context;
  SSL_SESSION *newest;
};

/// A stream, whose SSL object has its settings as application data.
struct cload_tls_stream {
  SSL *ssl;
  int offers_session;
};

static unsigned long last_failure;

/// Keeps the newest session instead of the one before.
static int take_session(SSL *ssl, SSL_SESSION *session) {
  struct cload_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
  SSL_SESSION_free(tls->newest);
  tls->newest = session;
  return 1;
}

struct cload_tls *cload_tls_make(void) {
  struct cload_tls *tls = calloc(1, sizeof *tls);
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  if (!tls || !context || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) ||
      !SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") || !SSL_CTX_set1_groups_list(context, "X25519")) {
    SSL_CTX_free(context);
    free(tls);
    return NULL;
  }
  tls->context = context;
  SSL_CTX_set_app_data(context, tls);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, take_session);
  SSL_CTX_set_read_ahead(context, 1);  // one recv(2) for a record
  signal(SIGPIPE, SIG_IGN);            // OpenSSL sends by write(2)
  return tls;
}

struct cload_tls_stream *cload_tls_open(struct cload_tls *tls, int fd, int resumes) {
  struct cload_tls_stream *stream = calloc(1, sizeof *stream);
  SSL *ssl = SSL_new(tls->context);
  int flags = fcntl(fd, F_GETFL);
  if (!stream || !ssl || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) || !SSL_set_fd(ssl, fd)) {
    SSL_free(ssl);
    free(stream);
    return NULL;
  }
  SSL_set_connect_state(ssl);
  stream->ssl = ssl;
  stream->offers_session = resumes && tls->newest && SSL_set_session(ssl, tls->newest);
  return stream;
}

void cload_tls_close(struct cload_tls_stream *stream) {
  if (!stream) return;
  SSL_shutdown(stream->ssl);
  ERR_clear_error();
  SSL_free(stream->ssl);
  free(stream);
}

/// The result of a call that has not succeeded; `waits` for one that waits for the server.
static ssize_t failure(struct cload_tls_stream *stream, int returned, int waits) {
  int saved = errno;
  switch (SSL_get_error(stream->ssl, returned)) {
    case SSL_ERROR_WANT_READ: return -waits;
    case SSL_ERROR_WANT_WRITE: return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN: return 0;  // the end of the stream
    case SSL_ERROR_SYSCALL: return saved ? -saved : -EPROTO;
    default: break;
  }
  last_failure = ERR_peek_error();
  ERR_clear_error();
  return -EPROTO;
}

int cload_tls_handshake(struct cload_tls_stream *stream) {
  int returned = SSL_do_handshake(stream->ssl);
  return returned == 1 ? 0 : (int)failure(stream, returned, EINPROGRESS);
}

ssize_t cload_tls_send(struct cload_tls_stream *stream, const void *bytes, size_t count) {
  size_t sent;
  int returned = SSL_write_ex(stream->ssl, bytes, count, &sent);
  return returned == 1 ? (ssize_t)sent : failure(stream, returned, EINPROGRESS);
}

ssize_t cload_tls_receive(struct cload_tls_stream *stream, void *bytes, size_t count) {
  size_t received;
  int returned = SSL_read_ex(stream->ssl, bytes, count, &received);
  return returned == 1 ? (ssize_t)received : failure(stream, returned, EAGAIN);
}

int cload_tls_is_refused(const struct cload_tls_stream *stream) {
  return stream->offers_session && !SSL_session_reused(stream->ssl);
}

const char *cload_tls_reason(void) {
  const char *reason = ERR_reason_error_string(last_failure);
  return reason ? reason : "no reason is known";
}
