/* libuv-echo echo ADDRESS
   libuv-echo udp ADDRESS

   Echo on libuv, as in its documentation: a buffer for each read, and the fast path uv_try_write before a queued
   write. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static char shared[65536]; /* what is read is written before the next read */

struct write {
  uv_write_t request;
  char bytes[];
};

struct datagram {
  uv_udp_send_t request;
  char bytes[];
};

static void check(int result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "libuv-echo: %s: %s\n", what, uv_strerror(result));
  exit(1);
}

static void lend(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
  (void)handle;
  (void)wanted;
  *buffer = uv_buf_init(shared, sizeof shared);
}

static void closed(uv_handle_t *handle) { free(handle); }

static void received(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer);

static void written(uv_write_t *request, int status) {
  uv_stream_t *stream = request->handle;
  free(request);
  if (status < 0) {
    if (!uv_is_closing((uv_handle_t *)stream)) uv_close((uv_handle_t *)stream, closed);
  } else {
    uv_read_start(stream, lend, received);
  }
}

static void received(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
  if (count == 0) return;
  if (count < 0) {
    uv_close((uv_handle_t *)stream, closed);
    return;
  }
  uv_buf_t rest = uv_buf_init(buffer->base, (unsigned)count);
  int sent = uv_try_write(stream, &rest, 1);
  if (sent == count) return;
  if (sent < 0) sent = 0; /* a failed connection is found by the write that follows */
  size_t left = (size_t)(count - sent);
  struct write *write = malloc(sizeof *write + left);
  if (!write) abort();
  memcpy(write->bytes, buffer->base + sent, left);
  rest = uv_buf_init(write->bytes, (unsigned)left);
  uv_read_stop(stream);
  check(uv_write(&write->request, stream, &rest, 1, written), "uv_write");
}

static void accepted(uv_stream_t *server, int status) {
  check(status, "connection");
  union uv_any_handle *client = calloc(1, sizeof(uv_tcp_t) > sizeof(uv_pipe_t) ? sizeof(uv_tcp_t) : sizeof(uv_pipe_t));
  if (!client) abort();
  uv_stream_t *stream = (uv_stream_t *)client;
  if (server->type == UV_TCP)
    check(uv_tcp_init(server->loop, (uv_tcp_t *)client), "uv_tcp_init");
  else
    check(uv_pipe_init(server->loop, (uv_pipe_t *)client, 0), "uv_pipe_init");
  check(uv_accept(server, stream), "uv_accept");
  if (server->type == UV_TCP) uv_tcp_nodelay((uv_tcp_t *)client, 1);
  check(uv_read_start(stream, lend, received), "uv_read_start");
}

static void datagram_sent(uv_udp_send_t *request, int status) {
  (void)status; /* one that does not fit is lost */
  free(request);
}

static void datagram_received(uv_udp_t *socket, ssize_t count, const uv_buf_t *buffer, const struct sockaddr *sender,
                              unsigned flags) {
  (void)flags;
  if (count < 0 || !sender) return;
  uv_buf_t bytes = uv_buf_init(buffer->base, (unsigned)count);
  if (uv_udp_try_send(socket, &bytes, 1, sender) != UV_EAGAIN) return;
  struct datagram *datagram = malloc(sizeof *datagram + (size_t)count);
  if (!datagram) abort();
  memcpy(datagram->bytes, buffer->base, (size_t)count);
  bytes = uv_buf_init(datagram->bytes, (unsigned)count);
  if (uv_udp_send(&datagram->request, socket, &bytes, 1, sender, datagram_sent)) free(datagram);
}

static void ended(uv_signal_t *handle, int number) {
  (void)number;
  uv_stop(handle->loop);
}

int main(int argc, char **argv) {
  if (argc != 3 || (strcmp(argv[1], "echo") && strcmp(argv[1], "udp"))) {
    fprintf(stderr, "usage: libuv-echo echo HOST:PORT|unix://PATH\n       libuv-echo udp HOST:PORT\n");
    return 64;
  }
  static union {
    uv_tcp_t tcp;
    uv_pipe_t pipe;
    uv_udp_t udp;
    uv_stream_t stream;
  } server;
  uv_loop_t *loop = uv_default_loop();
  struct peer_address address = peer_parse(argv[2]);
  int is_udp = !strcmp(argv[1], "udp");
  int fd = peer_bind(&address, is_udp ? SOCK_DGRAM : SOCK_STREAM);
  if (is_udp) {
    check(uv_udp_init(loop, &server.udp), "uv_udp_init");
    check(uv_udp_open(&server.udp, fd), "uv_udp_open");
    check(uv_udp_recv_start(&server.udp, lend, datagram_received), "uv_udp_recv_start");
  } else {
    if (address.storage.ss_family == AF_UNIX) {
      check(uv_pipe_init(loop, &server.pipe, 0), "uv_pipe_init");
      check(uv_pipe_open(&server.pipe, fd), "uv_pipe_open");
    } else {
      check(uv_tcp_init(loop, &server.tcp), "uv_tcp_init");
      check(uv_tcp_open(&server.tcp, fd), "uv_tcp_open");
    }
    check(uv_listen(&server.stream, 1024, accepted), "uv_listen");
  }
  static uv_signal_t signals[2];
  for (int i = 0; i < 2; i++) {
    uv_signal_init(loop, &signals[i]);
    uv_signal_start(&signals[i], ended, i ? SIGINT : SIGTERM);
  }
  peer_announce(fd);
  uv_run(loop, UV_RUN_DEFAULT);
  return 0;
}
