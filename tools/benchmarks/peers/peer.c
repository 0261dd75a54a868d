#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

static noreturn void usage_error(const char *problem, const char *text) {
  fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, problem, text);
  exit(64);
}

noreturn void peer_die(const char *message) {
  fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, message, strerror(errno));
  exit(1);
}

int peer_threads(const char *text) {
  char *end;
  long count = strtol(text, &end, 10);
  if (*end || end == text || count < 1 || count > 64) usage_error("not a number of threads from 1 to 64", text);
  return (int)count;
}

struct peer_address peer_parse(const char *text) {
  struct peer_address address;
  memset(&address, 0, sizeof address);
  if (!strncmp(text, "unix://", 7)) {
    struct sockaddr_un *un = (struct sockaddr_un *)&address.storage;
    un->sun_family = AF_UNIX;
    if (strlen(text + 7) >= sizeof un->sun_path) usage_error("path too long", text);
    strcpy(un->sun_path, text + 7);
    address.length = sizeof *un;
    return address;
  }
  struct sockaddr_in *in = (struct sockaddr_in *)&address.storage;
  const char *colon = strrchr(text, ':');
  char host[INET_ADDRSTRLEN] = "";
  char *end = NULL;
  unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
  if (!colon || *end || end == colon + 1 || port > 65535 || (size_t)(colon - text) >= sizeof host)
    usage_error("neither HOST:PORT nor unix://PATH", text);
  memcpy(host, text, (size_t)(colon - text));
  in->sin_family = AF_INET;
  in->sin_port = htons((unsigned short)port);
  if (inet_pton(AF_INET, host, &in->sin_addr) != 1) usage_error("not a numeric IPv4 host", text);
  address.length = sizeof *in;
  return address;
}

int peer_bind(const struct peer_address *address, int type) {
  int fd = socket(address->storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) peer_die("socket");
  int one = 1;
  if (address->storage.ss_family == AF_UNIX)
    unlink(((const struct sockaddr_un *)&address->storage)->sun_path);
  else if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one))
    peer_die("setsockopt");
  if (bind(fd, (const struct sockaddr *)&address->storage, address->length)) peer_die("bind");
  if (type == SOCK_STREAM && listen(fd, 1024)) peer_die("listen");
  return fd;
}

void peer_announce(int fd) {
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getsockname(fd, (struct sockaddr *)&storage, &length)) peer_die("getsockname");
  if (storage.ss_family == AF_UNIX) {
    printf("listening on unix://%s\n", ((struct sockaddr_un *)&storage)->sun_path);
  } else {
    const struct sockaddr_in *in = (const struct sockaddr_in *)&storage;
    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
    printf("listening on %s:%d\n", host, ntohs(in->sin_port));
  }
  fflush(stdout);
}

volatile sig_atomic_t peer_has_ended;

static void end(int number) {
  (void)number;
  peer_has_ended = 1;
}

void peer_end_by_signals(void) {
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
}

void *peer_allocate(size_t size) {
  void *memory = malloc(size);
  if (!memory) peer_die("malloc");
  return memory;
}

void *peer_table(size_t size, size_t *count) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) peer_die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit)) peer_die("setrlimit");
  *count = limit.rlim_cur < 1 << 20 ? limit.rlim_cur : 1 << 20;
  void *table = calloc(*count, size);
  if (!table) peer_die("calloc");
  return table;
}

int peer_accept(int listener, size_t limit) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN) return -1;
      peer_die("accept4");
    }
    if ((size_t)fd < limit) {
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* fails on a unix socket, which has no delay */
      return fd;
    }
    close(fd);
  }
}

int peer_epoll(void) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) peer_die("epoll_create1");
  return epoll;
}

void peer_watch(int epoll, int fd, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(epoll, operation, fd, &event)) peer_die("epoll_ctl");
}

int peer_listen(int epoll, const char *text, int type) {
  struct peer_address address = peer_parse(text);
  int fd = peer_bind(&address, type);
  peer_watch(epoll, fd, EPOLL_CTL_ADD, EPOLLIN);
  peer_announce(fd);
  return fd;
}
