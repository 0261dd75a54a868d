/* bare-proxy ADDRESS BACKEND

   The practical minimum for every proxy of the comparison: one level-triggered epoll loop, and per relayed chunk one
   recv(2), one send(2) and a share of one epoll_wait(2). The proxy is correct: it keeps output that the kernel does not
   accept, stops reading from the other side meanwhile, and passes the end of each direction on. It has no time-outs, no
   limits and no second backend, so the comparison shows the cost of these features.

   A connection to the backend that is not yet established accepts no output, so it needs no state of its own. */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { buffer_size = 65536 };

/* One of the two connections of a pair. */
struct side {
  int peer;        /* the descriptor of the other side; 0: no pair */
  uint32_t events; /* that epoll watches */
  int has_ended;   /* nothing more comes from this side */
  char *output;    /* not yet taken by the kernel; the other side is not read meanwhile */
  size_t output_count;
};

static int epoll, listener;
static struct peer_address backend_address;
static struct side *sides; /* by descriptor */
static size_t side_limit;

/* Watches the conditions that a side waits for, perhaps none: epoll reports a hang-up in any case. */
static void watch(int fd) {
  struct side *side = &sides[fd];
  uint32_t events = (side->has_ended || sides[side->peer].output ? 0 : EPOLLIN) | (side->output ? EPOLLOUT : 0);
  if (events == side->events) return;
  peer_watch(epoll, fd, !events ? EPOLL_CTL_DEL : side->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, events);
  side->events = events;
}

static void forget(int fd) {
  free(sides[fd].output);
  memset(&sides[fd], 0, sizeof sides[fd]);
  close(fd);
}

static int connect_backend(void) {
  int fd = socket(backend_address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int result = connect(fd, (struct sockaddr *)&backend_address.storage, backend_address.length);
  if (result == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

static void accept_one(void) {
  int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (client < 0) {
    if (errno == EAGAIN || errno == ECONNABORTED) return;
    peer_die("accept4");
  }
  int backend = connect_backend();
  if (backend < 0 || (size_t)client >= side_limit || (size_t)backend >= side_limit) {
    if (backend >= 0) close(backend);
    close(client);
    return;
  }
  int pair[] = {client, backend}, one = 1;
  for (int i = 0; i < 2; i++) {
    setsockopt(pair[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* fails on a unix socket, which has no delay */
    sides[pair[i]].peer = pair[1 - i];
    watch(pair[i]);
  }
}

/* Ends the output of a side once the input of the other has ended and nothing is left. 0: the pair is complete. */
static int end_output(int fd) {
  int peer = sides[fd].peer;
  if (!sides[peer].has_ended || sides[fd].output) return 1;
  if (sides[fd].has_ended && !sides[peer].output) return 0;
  shutdown(fd, SHUT_WR);
  return 1;
}

/* Sends; keeps what the kernel does not take. 0: the connection has failed. */
static int send_or_keep(int fd, const char *bytes, size_t count) {
  ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
  if (sent == (ssize_t)count) return 1;
  if (sent < 0) {
    if (errno != EAGAIN) return 0;
    sent = 0;
  }
  struct side *side = &sides[fd];
  side->output_count = count - (size_t)sent;
  side->output = memcpy(peer_allocate(side->output_count), bytes + sent, side->output_count);
  watch(fd);
  watch(side->peer);
  return 1;
}

/* Sends the kept bytes. 0: the connection has failed, or the pair is complete. */
static int flush(int fd) {
  struct side *side = &sides[fd];
  ssize_t sent = send(fd, side->output, side->output_count, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  side->output_count -= (size_t)sent;
  if (side->output_count) {
    memmove(side->output, side->output + sent, side->output_count);
    return 1;
  }
  free(side->output);
  side->output = NULL;
  watch(fd);
  watch(side->peer);
  return end_output(fd);
}

/* Passes on the arrived bytes. 0: the connection has failed, or the pair is complete. */
static int receive(int fd) {
  static char buffer[buffer_size];
  ssize_t count = recv(fd, buffer, sizeof buffer, 0);
  if (count < 0) return errno == EAGAIN;
  if (count > 0) return send_or_keep(sides[fd].peer, buffer, (size_t)count);
  sides[fd].has_ended = 1;
  if (!end_output(sides[fd].peer)) return 0;
  watch(fd);
  return 1;
}

static void handle(int fd, uint32_t events, void *context) {
  (void)context;
  if (fd == listener) {
    accept_one();
    return;
  }
  int peer = sides[fd].peer;
  if (!peer) return; /* the pair was closed in this batch */
  int goes_on = !(sides[fd].output && events & ~(uint32_t)EPOLLIN) || flush(fd);
  if (goes_on && !sides[fd].has_ended && !sides[peer].output && events & ~(uint32_t)EPOLLOUT) goes_on = receive(fd);
  if (goes_on) return;
  forget(fd);
  forget(peer);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: bare-proxy HOST:PORT|unix://PATH HOST:PORT|unix://PATH\n");
    return 64;
  }
  peer_end_by_signals();
  backend_address = peer_parse(argv[2]);
  sides = peer_table(sizeof *sides, &side_limit);
  epoll = peer_epoll();
  listener = peer_listen(epoll, argv[1], SOCK_STREAM);
  peer_serve(epoll, handle, NULL);
  return 0;
}
