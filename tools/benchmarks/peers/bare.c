/* bare echo|http|websocket ADDRESS [THREADS]
   bare udp ADDRESS

   The practical minimum for every server of the comparison: one level-triggered epoll loop per thread, and per request
   one recv(2), one send(2) and a share of one epoll_wait(2). The server is correct: it keeps output that the kernel does
   not accept, stops reading meanwhile, and joins requests that arrive in pieces. It has no time-outs, no limits, no
   release of buffers and no callbacks, so the comparison shows the cost of these features.

   http and websocket are in files of their own. The answers to all requests that were received together are sent by one
   call.

   udp makes one recvfrom(2) and one sendto(2) per datagram, until no datagram is left. */
#define _GNU_SOURCE
#include "bare.h"
#include "peer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { buffer_size = 65536, answers_size = 1 << 20, head_limit = 8192 };

/* The waiting output of a connection; usually none. */
struct connection {
  char *output; /* not yet taken by the kernel */
  size_t output_count;
  char *input; /* the beginning of a request */
  size_t input_count;
  struct request request;
};

struct loop {
  int epoll;
  pthread_t thread;
  char *buffer;  /* buffer_size, after head_limit for what came before */
  char *answers; /* answers_size */
};

static int listener;
static bare_protocol *protocol; /* NULL: bytes are sent back as they are */
static int loop_count = 1;
static struct loop loops[64];
static struct connection *connections; /* by descriptor */
static size_t connection_limit;

static void forget(int fd) {
  struct connection *connection = &connections[fd];
  free(connection->output);
  free(connection->input);
  memset(connection, 0, sizeof *connection);
  close(fd);
}

static void accept_all(void) {
  static int next;
  for (int fd; (fd = peer_accept(listener, connection_limit)) >= 0;) {
    peer_watch(loops[next].epoll, fd, EPOLL_CTL_ADD, EPOLLIN);
    next = (next + 1) % loop_count;
  }
}

/* Sends; keeps what the kernel does not take, and then waits for writability instead of input. 0: the connection has failed. */
static int send_or_keep(struct loop *loop, int fd, const char *bytes, size_t count) {
  ssize_t sent;
  do sent = send(fd, bytes, count, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent == (ssize_t)count) return 1;
  if (sent < 0) {
    if (errno != EAGAIN) return 0;
    sent = 0;
  }
  struct connection *connection = &connections[fd];
  connection->output_count = count - (size_t)sent;
  connection->output = memcpy(peer_allocate(connection->output_count), bytes + sent, connection->output_count);
  peer_watch(loop->epoll, fd, EPOLL_CTL_MOD, EPOLLOUT);
  return 1;
}

static int flush(struct loop *loop, int fd) {
  struct connection *connection = &connections[fd];
  ssize_t sent;
  do sent = send(fd, connection->output, connection->output_count, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) return errno == EAGAIN;
  connection->output_count -= (size_t)sent;
  if (connection->output_count) {
    memmove(connection->output, connection->output + sent, connection->output_count);
  } else {
    free(connection->output);
    connection->output = NULL;
    peer_watch(loop->epoll, fd, EPOLL_CTL_MOD, EPOLLIN);
  }
  return 1;
}

/* Answers the requests of INPUT by the protocol, and keeps the beginning of one. 0: the connection has failed. */
static int answer(struct loop *loop, int fd, const char *input, size_t count) {
  struct connection *connection = &connections[fd];
  struct answers answers = {.bytes = loop->answers};
  ssize_t used = protocol(&connection->request, input, count, &answers);
  free(connection->input);
  connection->input = NULL;
  if (used < 0) return 0;
  connection->input_count = count - (size_t)used;
  if (connection->input_count > head_limit) return 0;
  if (connection->input_count)
    connection->input = memcpy(peer_allocate(connection->input_count), input + used, connection->input_count);
  return !answers.count || send_or_keep(loop, fd, answers.bytes, answers.count);
}

static int receive(struct loop *loop, int fd) {
  ssize_t count;
  do count = recv(fd, loop->buffer, buffer_size, 0);
  while (count < 0 && errno == EINTR);
  if (count < 0) return errno == EAGAIN;
  if (count == 0) return 0;
  if (!protocol) return send_or_keep(loop, fd, loop->buffer, (size_t)count);
  size_t before = connections[fd].input_count;
  char *input = loop->buffer - before;
  if (before) memcpy(input, connections[fd].input, before);
  return answer(loop, fd, input, before + (size_t)count);
}

static void handle(int fd, uint32_t events, void *context) {
  (void)events;
  struct loop *loop = context;
  if (fd == listener) {
    accept_all();
  } else if (!(connections[fd].output ? flush(loop, fd) : receive(loop, fd))) {
    forget(fd);
  }
}

static void *run(void *argument) {
  struct loop *loop = argument;
  peer_serve(loop->epoll, handle, loop);
  return NULL;
}

static void serve_streams(const char *address, int threads) {
  connections = peer_table(sizeof *connections, &connection_limit);
  loop_count = threads;
  for (int i = 0; i < threads; i++) {
    loops[i].epoll = peer_epoll();
    loops[i].buffer = (char *)peer_allocate(head_limit + buffer_size) + head_limit;
    /* Enough: 73,728 bytes hold 18,432 requests of four bytes, each answered with 45, or fewer of the known ones; a frame
       is longer than its answer. */
    loops[i].answers = peer_allocate(answers_size);
  }
  listener = peer_listen(loops[0].epoll, address, SOCK_STREAM);
  for (int i = 1; i < threads; i++)
    if ((errno = pthread_create(&loops[i].thread, NULL, run, &loops[i]))) peer_die("pthread_create");
  run(&loops[0]);
}

static void echo_datagrams(int fd, uint32_t events, void *context) {
  (void)events;
  (void)context;
  static char buffer[buffer_size];
  for (;;) {
    struct sockaddr_storage sender;
    socklen_t length = sizeof sender;
    ssize_t count = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&sender, &length);
    if (count < 0) break;
    sendto(fd, buffer, (size_t)count, 0, (struct sockaddr *)&sender, length); /* one that does not fit is lost */
  }
}

static void serve_datagrams(const char *address) {
  int epoll = peer_epoll();
  peer_listen(epoll, address, SOCK_DGRAM);
  peer_serve(epoll, echo_datagrams, NULL);
}

int main(int argc, char **argv) {
  const char *mode = argc == 3 || argc == 4 ? argv[1] : "";
  int is_udp = argc == 3 && !strcmp(mode, "udp");
  if (!strcmp(mode, "http")) protocol = bare_http;
  if (!strcmp(mode, "websocket")) protocol = bare_websocket;
  if (!is_udp && !protocol && strcmp(mode, "echo")) {
    fprintf(stderr, "usage: bare echo|http|websocket HOST:PORT|unix://PATH [THREADS]\n       bare udp HOST:PORT\n");
    return 64;
  }
  peer_end_by_signals();
  if (is_udp) {
    serve_datagrams(argv[2]);
  } else {
    serve_streams(argv[2], argc == 4 ? peer_threads(argv[3]) : 1);
  }
  return 0;
}
