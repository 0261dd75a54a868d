// The results of a handshake, and the sessions that a client may resume.

#include "internal.h"

#include <openssl/x509.h>

int ctls_version(const struct ctls_stream *stream) { return SSL_version(stream->ssl) == TLS1_3_VERSION ? 13 : 12; }

const char *ctls_cipher_suite(const struct ctls_stream *stream) {
  return SSL_CIPHER_standard_name(SSL_get_current_cipher(stream->ssl));
}

const void *ctls_protocol(const struct ctls_stream *stream, size_t *count) {
  const unsigned char *protocol;
  unsigned int length;
  SSL_get0_alpn_selected(stream->ssl, &protocol, &length);
  *count = length;
  return protocol;
}

const char *ctls_server_name(const struct ctls_stream *stream) {
  return SSL_get_servername(stream->ssl, TLSEXT_NAMETYPE_host_name);
}

bool ctls_is_resumed(const struct ctls_stream *stream) { return SSL_session_reused(stream->ssl) == 1; }

size_t ctls_peer_certificate(const struct ctls_stream *stream, void *buffer) {
  X509 *certificate = SSL_get0_peer_certificate(stream->ssl);
  if (certificate == NULL) return 0;
  unsigned char *next = buffer;
  int count = i2d_X509(certificate, buffer == NULL ? NULL : &next);
  return count > 0 ? (size_t)count : 0;
}

// MARK: Sessions of clients

/// Keeps a copy, because the connection goes on to change its session.
void keep_session(struct ctls_stream *stream, const SSL_SESSION *session) {
  if (session == NULL || stream->session_count == SESSION_LIMIT || !SSL_SESSION_is_resumable(session)) return;
  SSL_SESSION *copy = SSL_SESSION_dup(session);
  if (copy != NULL) stream->sessions[stream->session_count++] = copy;
}

int take_ticket(SSL *ssl, SSL_SESSION *session) {
  // A new ticket in a resumed session of TLS 1.2 is not reported: ctls_handshake looks for it.
  if (SSL_version(ssl) >= TLS1_3_VERSION) keep_session(SSL_get_app_data(ssl), session);
  return 0;
}

struct ctls_session *ctls_take_session(struct ctls_stream *stream) {
  return stream->session_count == 0 ? NULL : (struct ctls_session *)stream->sessions[--stream->session_count];
}

void ctls_free_session(struct ctls_session *session) { SSL_SESSION_free((SSL_SESSION *)session); }

void ctls_resume(struct ctls_stream *stream, const struct ctls_session *session) {
  // A copy, because the connection changes its session, and others may resume the same one meanwhile.
  SSL_SESSION *copy = SSL_SESSION_dup((const SSL_SESSION *)session);
  SSL_set_session(stream->ssl, copy);
  SSL_SESSION_free(copy);
  ERR_clear_error();
}

bool ctls_is_single_use(const struct ctls_session *session) {
  return SSL_SESSION_get_protocol_version((const SSL_SESSION *)session) >= TLS1_3_VERSION;
}
