// The system calls of the load generator. They are in C because Swift's Glibc module lacks epoll, and because C gives
// full control over the calls on the hot path. Negative results are negated errno values; interrupted calls are
// repeated.
#ifndef CLOAD_H
#define CLOAD_H

#include "CLoadTLS.h"

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

/// The address of the server.
struct cload_address {
  struct sockaddr_storage storage;
  socklen_t length;
  int type;
};

/// User and system time of a process, in nanoseconds, as far as the kernel tells them apart: in ticks of 10 ms.
struct cload_times {
  int64_t user;
  int64_t system;
};

/// Fills in an address from a host and a port; 0, or a code of getaddrinfo(3).
int cload_resolve(const char *host, uint16_t port, int type, struct cload_address *address);

/// Fills in the address of a unix stream socket; 0, or -ENAMETOOLONG.
int cload_unix_address(const char *path, struct cload_address *address);

/// The text of a code of getaddrinfo(3).
const char *cload_resolve_error(int code);

/// A connected socket, for a stream or for datagrams. With a source above zero and an IPv4 loopback address, its own
/// address is 127.0.0.source, so that ports do not run out. Fails after timeout seconds.
int cload_connect(const struct cload_address *address, int source, int timeout);

/// Has the bytes of one send leave in datagrams of `size` bytes; the last datagram may be shorter.
int cload_segment(int fd, int size);

int cload_close(int fd);

/// A new epoll(7) instance.
int cload_epoll(void);

/// Registers a socket, edge-triggered, for input and, if asked for, for output.
int cload_watch(int epoll, int fd, uint64_t token, int is_new, int wants_output);

/// epoll_pwait2(2) without a signal mask; epoll_wait(2), rounded up, where the kernel has none.
int cload_wait(int epoll, struct epoll_event *events, int limit, int64_t nanoseconds);

/// send(2) and recv(2) that do not block.
ssize_t cload_send(int fd, const void *bytes, size_t count);
ssize_t cload_receive(int fd, void *bytes, size_t count);

/// The processor time of a process so far, in nanoseconds; 0 stands for this one.
int64_t cload_processor_time(pid_t process);

/// The same in two parts.
int cload_processor_times(pid_t process, struct cload_times *times);

/// Lets this process open as many files as it may; returns that number.
int64_t cload_raise_file_limit(void);

/// CLOCK_MONOTONIC in nanoseconds.
static inline int64_t cload_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

#endif
