/* Shared by the peers in C: the command line, a listening socket, the line with the address, and
   what the bare loops have in common. */
#ifndef PEER_H
#define PEER_H

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* An address of the command line: HOST:PORT with a numeric IPv4 host, or unix://PATH. */
struct peer_address {
  struct sockaddr_storage storage;
  socklen_t length;
};

/* Prints MESSAGE with the text of errno and ends the process. */
noreturn void peer_die(const char *message);

/* Reads an address; ends the process with a usage error if it is none. */
struct peer_address peer_parse(const char *text);

/* A bound socket of TYPE (SOCK_STREAM: listening, with the path of a unix address taken over). */
int peer_bind(const struct peer_address *address, int type);

/* Prints `listening on ADDRESS` with the port that was bound. */
void peer_announce(int fd);

/* Whether SIGTERM or SIGINT has come, once peer_end_by_signals() has been called. */
extern volatile sig_atomic_t peer_has_ended;
void peer_end_by_signals(void);

/* Memory of SIZE bytes. */
void *peer_allocate(size_t size);

/* Raises the limit of open descriptors, and allocates a zeroed table with an entry of SIZE bytes for each descriptor. */
void *peer_table(size_t size, size_t *count);

/* Accepts a connection without delays of small packets, whose descriptor is below LIMIT; others are closed. -1: none waits. */
int peer_accept(int listener, size_t limit);

/* The number of threads in TEXT, 1 to 64, or a usage error. */
int peer_threads(const char *text);

/* A new epoll instance. */
int peer_epoll(void);

/* Adds a descriptor to an epoll instance, or modifies its events; OPERATION is that of epoll_ctl(2). */
void peer_watch(int epoll, int fd, int operation, uint32_t events);

/* A socket of TYPE at the address TEXT, as by peer_bind(), which is announced and watched. */
int peer_listen(int epoll, const char *text, int type);

/* Waits for events, and hands each to HANDLE, until the process is told to end. Inlined, so that no event costs an indirect
   call. */
__attribute__((always_inline)) static inline void peer_serve(
    int epoll, void (*handle)(int fd, uint32_t events, void *context), void *context) {
  struct epoll_event events[256];
  while (!peer_has_ended) {
    int count = epoll_wait(epoll, events, 256, -1);
    if (count < 0 && errno != EINTR) peer_die("epoll_wait");
    for (int i = 0; i < count; i++) handle(events[i].data.fd, events[i].events, context);
  }
}

#endif
