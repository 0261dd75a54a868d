/* bare-tls ADDRESS CERTIFICATE KEY [--release-buffers]

   The practical minimum for every echo server over TLS: one level-triggered epoll loop, with OpenSSL on the descriptor of
   each connection, as its documentation has it. Per record OpenSSL makes two recv(2), for the header and for the rest, and
   one send(2). The server is correct: it keeps output that the kernel does not accept, stops reading meanwhile, and
   answers close_notify. With --release-buffers, idle connections have no buffers of records (SSL_MODE_RELEASE_BUFFERS). */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { buffer_size = 65536 };

struct connection {
  SSL *ssl;
  char *output; /* not yet taken by OpenSSL */
  int output_count;
};

static int epoll, listener;
static SSL_CTX *context;
static struct connection *connections; /* by descriptor */
static size_t connection_limit;

static void forget(int fd) {
  struct connection *connection = &connections[fd];
  SSL_free(connection->ssl);
  free(connection->output);
  memset(connection, 0, sizeof *connection);
  close(fd);
}

static void accept_all(void) {
  for (int fd; (fd = peer_accept(listener, connection_limit)) >= 0;) {
    SSL *ssl = SSL_new(context);
    if (!ssl || !SSL_set_fd(ssl, fd)) {
      SSL_free(ssl);
      close(fd);
      continue;
    }
    SSL_set_accept_state(ssl);
    connections[fd].ssl = ssl;
    peer_watch(epoll, fd, EPOLL_CTL_ADD, EPOLLIN);
  }
}

/* Whether a call that has returned RESULT can be made again later. */
static int may_repeat(SSL *ssl, int result) {
  int error = SSL_get_error(ssl, result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 1;
  if (error == SSL_ERROR_ZERO_RETURN) SSL_shutdown(ssl);
  ERR_clear_error();
  return 0;
}

/* Sends; keeps what OpenSSL does not take, and then waits for writability instead of input. 0: the connection has failed. */
static int send_or_keep(int fd, const char *bytes, int count) {
  struct connection *connection = &connections[fd];
  int result = SSL_write(connection->ssl, bytes, count);
  if (result == count) return 1;
  if (!may_repeat(connection->ssl, result)) return 0;
  connection->output = memcpy(peer_allocate((size_t)count), bytes, (size_t)count);
  connection->output_count = count;
  peer_watch(epoll, fd, EPOLL_CTL_MOD, EPOLLOUT);
  return 1;
}

static int flush(int fd) {
  struct connection *connection = &connections[fd];
  int result = SSL_write(connection->ssl, connection->output, connection->output_count);
  if (result <= 0) return may_repeat(connection->ssl, result);
  free(connection->output);
  connection->output = NULL;
  peer_watch(epoll, fd, EPOLL_CTL_MOD, EPOLLIN);
  return 1;
}

/* Answers one record, or goes on with the handshake. OpenSSL has read no bytes behind the record. 0: the end. */
static int receive(int fd) {
  static char buffer[buffer_size];
  int count = SSL_read(connections[fd].ssl, buffer, sizeof buffer);
  return count > 0 ? send_or_keep(fd, buffer, count) : may_repeat(connections[fd].ssl, count);
}

static void handle(int fd, uint32_t events, void *context) {
  (void)events;
  (void)context;
  if (fd == listener) {
    accept_all();
  } else if (!(connections[fd].output ? flush(fd) : receive(fd))) {
    forget(fd);
  }
}

static SSL_CTX *make_context(const char *certificate, const char *key) {
  SSL_CTX *made = SSL_CTX_new(TLS_server_method());
  if (!made || !SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION) ||
      SSL_CTX_use_certificate_chain_file(made, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(made, key, SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    exit(1);
  }
  SSL_CTX_set_options(made, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF); /* tickets need none */
  SSL_CTX_set_mode(made, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return made;
}

int main(int argc, char **argv) {
  int releases_buffers = argc == 5 && !strcmp(argv[4], "--release-buffers");
  if (argc != 4 && !releases_buffers) {
    fprintf(stderr, "usage: bare-tls HOST:PORT|unix://PATH CERTIFICATE KEY [--release-buffers]\n");
    return 64;
  }
  peer_end_by_signals();
  signal(SIGPIPE, SIG_IGN); /* OpenSSL sends by write(2) */
  context = make_context(argv[2], argv[3]);
  if (releases_buffers) SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  connections = peer_table(sizeof *connections, &connection_limit);
  epoll = peer_epoll();
  listener = peer_listen(epoll, argv[1], SOCK_STREAM);
  peer_serve(epoll, handle, NULL);
  return 0;
}
