// The client's side of TLS: version 1.3 with one cipher suite and one group, so that all servers have the same work. The
// certificates of servers are not verified, because only servers are measured. Negative results are negated errno values:
// -EPROTO for a failure of TLS, whose reason cload_tls_reason tells.
#ifndef CLOADTLS_H
#define CLOADTLS_H

#include <sys/types.h>

/// The settings of all connections, with the newest session that a server has given.
struct cload_tls;

/// Makes the settings; null if that fails. They last until the end of the process.
struct cload_tls *cload_tls_make(void);

/// The TLS of a connection.
struct cload_tls_stream;

/// Begins TLS on a connected socket, which does not block from now on. With `resumes`, the newest session is offered to the
/// server. Null if that fails.
struct cload_tls_stream *cload_tls_open(struct cload_tls *tls, int fd, int resumes);

/// Sends close_notify and frees the stream. The socket stays open.
void cload_tls_close(struct cload_tls_stream *stream);

/// Goes on with the handshake: 0 when it is done, -EINPROGRESS while it waits for the server.
int cload_tls_handshake(struct cload_tls_stream *stream);

/// Encrypts and sends: the number of bytes; -EAGAIN when the kernel takes nothing, and -EINPROGRESS while the handshake waits
/// for the server.
ssize_t cload_tls_send(struct cload_tls_stream *stream, const void *bytes, size_t count);

/// Receives and decrypts: the number of bytes, at most one record; 0 at the end of the stream; -EAGAIN when there are none.
ssize_t cload_tls_receive(struct cload_tls_stream *stream, void *bytes, size_t count);

/// Whether a session was offered to the server, which did not resume it.
int cload_tls_is_refused(const struct cload_tls_stream *stream);

/// The reason of the last failure.
const char *cload_tls_reason(void);

#endif
