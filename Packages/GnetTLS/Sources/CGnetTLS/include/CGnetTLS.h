// OpenSSL under one contract: identities, contexts, and streams that do no I/O.
//
// No header of OpenSSL is included here. Each subject has a file: failure.c, identity.c, context.c, tickets.c, buffers.c,
// stream.c and session.c.
//
// OpenSSL's error queue belongs to the thread. A function that can fail clears the queue at its beginning, takes the first
// error out of it, and leaves it empty: no error of one connection is seen by another.

#ifndef CGNETTLS_H
#define CGNETTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Failures

/// The reason of a failure.
struct ctls_failure {
  unsigned long code;  // of OpenSSL's error queue; 0: none
  long verification;   // the error of the peer's certificate, if `code` says that it was refused; 0: none
  const char *own;     // a reason of these functions, instead of the others; a literal, or null
};

/// Writes the reason as text of one line, which ends with a zero byte.
void ctls_describe(const struct ctls_failure *failure, char *buffer, size_t capacity);

/// Whether the reason is an alert that the peer has sent.
bool ctls_is_alert_of_peer(unsigned long code);

/// The kind of a failed handshake's reason, whichever side has refused the other.
enum ctls_kind {
  CTLS_KIND_OTHER,
  CTLS_KIND_PROTOCOL_VERSION,
  CTLS_KIND_NO_SHARED_CIPHER,  // suites, groups and signature algorithms
  CTLS_KIND_APPLICATION_PROTOCOL,
  CTLS_KIND_CERTIFICATE,
  CTLS_KIND_NOT_TLS,
};

enum ctls_kind ctls_kind_of(struct ctls_failure failure);

// MARK: Identities

/// PEM: the text of a file, or a text in memory.
struct ctls_source {
  const char *path;  // null: `text`
  const void *text;
  size_t count;
};

/// A certificate, those of its issuers, and its private key. Immutable once it is made: any thread may use it.
struct ctls_identity;

/// Makes an identity that has nothing yet. Null when memory runs out.
struct ctls_identity *ctls_make_identity(void);
void ctls_free_identity(struct ctls_identity *identity);

/// Reads the certificate and those of its issuers, in this order.
bool ctls_load_chain(struct ctls_identity *identity, const struct ctls_source *source, struct ctls_failure *failure);

/// Reads the private key. A key that is encrypted is refused: nobody is asked for a password.
bool ctls_load_key(struct ctls_identity *identity, const struct ctls_source *source, struct ctls_failure *failure);

/// Checks that key and certificate match, are strong enough, and that all certificates are valid today.
bool ctls_check_identity(const struct ctls_identity *identity, struct ctls_failure *failure);

// MARK: Keys of session tickets

/// The keys that session tickets are encrypted with. They are replaced in use; any thread may use them.
struct ctls_tickets;

/// Makes keys that encrypt for `lifetime` seconds each, and decrypt for as long again. Null when memory or randomness runs
/// out.
struct ctls_tickets *ctls_make_tickets(int64_t lifetime);
void ctls_free_tickets(struct ctls_tickets *tickets);

/// Replaces the key that encrypts now.
bool ctls_rotate_tickets(struct ctls_tickets *tickets);

// MARK: Contexts

/// The settings of many connections. Once it is set up, any thread may make streams of it. Objects given to a context
/// must live as long as the context, and the context as long as its streams.
struct ctls_context;

/// Makes a context without identity and trust, for versions from 12 to 13. Null when memory runs out.
struct ctls_context *ctls_make_context(bool is_server, int minimum_version, int maximum_version);
void ctls_free_context(struct ctls_context *context);

bool ctls_use_identity(
    struct ctls_context *context, const struct ctls_identity *identity, struct ctls_failure *failure);

/// Sets the protocols of ALPN, the preferred one first, each behind a byte with its length.
bool ctls_use_protocols(struct ctls_context *context, const void *protocols, size_t count);

/// Has a server give session tickets, encrypted with the keys.
void ctls_use_tickets(struct ctls_context *context, struct ctls_tickets *tickets);

/// Has a server take another context for clients that ask for a name: a host name, or `*.` and a host name, which stands
/// for one label more. An exact name is preferred to a wildcard. Returns false when memory runs out.
bool ctls_add_name(struct ctls_context *context, const char *name, struct ctls_context *other);

/// Trusts the certificates that the system trusts.
bool ctls_trust_system(struct ctls_context *context, struct ctls_failure *failure);

/// Trusts the certificates of a source. A certificate that is no authority is trusted for itself alone.
bool ctls_trust(struct ctls_context *context, const struct ctls_source *source, struct ctls_failure *failure);

/// Trusts the certificates that another context trusts.
bool ctls_share_trust(struct ctls_context *context, const struct ctls_context *other);

/// The verification of the peer's certificate.
enum ctls_verification {
  CTLS_NONE,          // the certificate of a server is not looked at, and a client is not asked for one
  CTLS_IF_GIVEN,      // a client may show a certificate, which is verified
  CTLS_REQUIRED,      // the peer must show a certificate, which is verified
  CTLS_ANY_IF_GIVEN,  // a client may show a certificate, and any is taken
  CTLS_ANY_REQUIRED,  // a client must show a certificate, and any is taken
};

void ctls_set_verification(struct ctls_context *context, enum ctls_verification verification);

// MARK: Buffers of records

/// The streams of one thread that keep their buffers of records between turns, a limited number.
struct ctls_keeper;

/// Makes a keeper of no streams. Null when memory runs out.
struct ctls_keeper *ctls_make_keeper(void);
void ctls_free_keeper(struct ctls_keeper *keeper);

// MARK: Streams

/// The TLS of one connection. One thread at a time may use it.
struct ctls_stream;

/// Appends bytes for the peer to a ring. Never fails.
typedef void (*ctls_append)(void *ring, const void *bytes, size_t count);

/// The outcome of a call on a stream.
enum ctls_result {
  CTLS_DONE,
  CTLS_MORE,    // bytes of the peer are needed
  CTLS_ENDED,   // the peer has ended its stream, by close_notify
  CTLS_FAILED,  // ctls_get_failure tells; the stream must not be used any more
};

/// Makes the stream of a connection. Null when memory runs out.
struct ctls_stream *ctls_make_stream(struct ctls_context *context, bool is_server, ctls_append append);
void ctls_free_stream(struct ctls_stream *stream);

/// Has a client ask for a host, and demand a certificate of the host (RFC 9525) or numeric address.
bool ctls_expect_host(struct ctls_stream *stream, const char *host, bool is_verified, struct ctls_failure *failure);

/// Sets the bytes of the peer that the next calls may take: two parts, which must stay in place meanwhile.
void ctls_offer(
    struct ctls_stream *stream, const void *first, size_t first_count, const void *second, size_t second_count);

/// Takes the offer back. Returns the number of bytes that are left of it.
size_t ctls_end_offer(struct ctls_stream *stream);

/// Goes on with the handshake.
enum ctls_result ctls_handshake(struct ctls_stream *stream, void *ring);

/// Decrypts at most one record.
enum ctls_result ctls_read(struct ctls_stream *stream, void *ring, void *buffer, size_t capacity, size_t *count);

/// The number of bytes for which a read needs space; 0 if no read can give bytes before there is another offer.
size_t ctls_expected_count(const struct ctls_stream *stream);

/// Encrypts bytes.
enum ctls_result ctls_write(struct ctls_stream *stream, void *ring, const void *bytes, size_t count);

/// Ends the own stream, by close_notify.
void ctls_end(struct ctls_stream *stream, void *ring);

/// Ends the work on a stream for now: gives back the buffers of records, 33 KiB, until the next call, unless a keeper has the
/// stream keep them. A buffer with a part of a record stays. `keeper` may be null.
void ctls_rest(struct ctls_stream *stream, struct ctls_keeper *keeper);

/// The reason of a call that has failed.
struct ctls_failure ctls_get_failure(const struct ctls_stream *stream);

// MARK: What a handshake has agreed on

/// 12 or 13.
int ctls_version(const struct ctls_stream *stream);

/// The name of the cipher suite by IANA.
const char *ctls_cipher_suite(const struct ctls_stream *stream);

/// The protocol of ALPN, `count` bytes without an end; null for none.
const void *ctls_protocol(const struct ctls_stream *stream, size_t *count);

/// The name that the client has asked for; null for none.
const char *ctls_server_name(const struct ctls_stream *stream);

/// Whether an earlier session was resumed.
bool ctls_is_resumed(const struct ctls_stream *stream);

/// The size of the peer's certificate in DER, which is written to `buffer` unless that is null; 0: none.
size_t ctls_peer_certificate(const struct ctls_stream *stream, void *buffer);

// MARK: Sessions of clients

/// A session that later connections can resume.
struct ctls_session;

/// Takes the next session that the server has given; null when there is none.
struct ctls_session *ctls_take_session(struct ctls_stream *stream);
void ctls_free_session(struct ctls_session *session);

/// Has a client resume a session; before the handshake.
void ctls_resume(struct ctls_stream *stream, const struct ctls_session *session);

/// Whether a session may be used only once: tickets of TLS 1.3, so that connections cannot be linked.
bool ctls_is_single_use(const struct ctls_session *session);

#endif
