#define _GNU_SOURCE
#include "CTestSupport.h"

#include <errno.h>
#include <fcntl.h>

#if defined(__APPLE__)
// There, an option of the socket replaces the flag of send(2), and a descriptor is closed in children one call later.
static const int send_flags = 0;

static int open_socket(int family, int type) {
  int fd = socket(family, type, 0);
  if (fd < 0) return fd;
  int one = 1;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof one);
  return fd;
}
#else
static const int send_flags = MSG_NOSIGNAL;

static int open_socket(int family, int type) { return socket(family, type | SOCK_CLOEXEC, 0); }
#endif

int ctest_socket(int family, bool is_datagram) {
  int fd = open_socket(family, is_datagram ? SOCK_DGRAM : SOCK_STREAM);
  return fd < 0 ? -errno : fd;
}

int ctest_bind(int fd, const struct sockaddr *name, socklen_t length) { return bind(fd, name, length) ? -errno : 0; }

int ctest_connect(int fd, const struct sockaddr *name, socklen_t length) {
  return connect(fd, name, length) ? -errno : 0;
}

ssize_t ctest_send(int fd, const void *bytes, size_t count) {
  ssize_t sent = send(fd, bytes, count, send_flags);
  return sent < 0 ? -errno : sent;
}

ssize_t ctest_receive(int fd, void *bytes, size_t capacity) {
  ssize_t received = recv(fd, bytes, capacity, 0);
  return received < 0 ? -errno : received;
}

int ctest_set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) ? -errno : 0;
}

int ctest_duplicate(int fd, int first) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, first);
  return copy < 0 ? -errno : copy;
}
