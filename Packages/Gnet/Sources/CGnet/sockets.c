// Socket calls without differences between systems.

#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "CGnet.h"
#include "common.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

int cgnet_bind(int fd, const struct sockaddr_storage *address, socklen_t length) {
  return result(bind(fd, (const struct sockaddr *)address, length));
}

int cgnet_listen(int fd, int backlog) { return result(listen(fd, backlog)); }

int cgnet_connect(int fd, const struct sockaddr_storage *address, socklen_t length) {
  return result(connect(fd, (const struct sockaddr *)address, length));
}

int cgnet_end_output(int fd) { return result(shutdown(fd, SHUT_WR)); }

int cgnet_make_blocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -errno : result(fcntl(fd, F_SETFL, flags & ~O_NONBLOCK));
}

int cgnet_close(int fd) { return close(fd) == 0 || errno == EINTR ? 0 : -errno; }

static int set(int fd, int level, int name, int value) {
  return result(setsockopt(fd, level, name, &value, sizeof value));
}

static int reset_on_close(int fd, int on) {
  struct linger linger = {.l_onoff = on};
  return result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

int cgnet_set_common_option(int fd, enum cgnet_option option, int value) {
  switch (option) {
    case CGNET_NO_DELAY: return set(fd, IPPROTO_TCP, TCP_NODELAY, value);
    case CGNET_REUSE_ADDRESS: return set(fd, SOL_SOCKET, SO_REUSEADDR, value);
    case CGNET_IPV6_ONLY: return set(fd, IPPROTO_IPV6, IPV6_V6ONLY, value);
    case CGNET_RECEIVE_BUFFER: return set(fd, SOL_SOCKET, SO_RCVBUF, value);
    case CGNET_RESET_ON_CLOSE: return reset_on_close(fd, value);
    case CGNET_SEND_BUFFER: return set(fd, SOL_SOCKET, SO_SNDBUF, value);
    default: return -EINVAL;
  }
}

int cgnet_local_address(int fd, struct sockaddr_storage *address, socklen_t *length) {
  *length = sizeof *address;
  return result(getsockname(fd, (struct sockaddr *)address, length));
}

int cgnet_peer_address(int fd, struct sockaddr_storage *address, socklen_t *length) {
  *length = sizeof *address;
  return result(getpeername(fd, (struct sockaddr *)address, length));
}

int cgnet_pending_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : 0;
}

int cgnet_check_stream(int fd) {
  int type = 0;
  socklen_t length = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) return -errno;
  return type == SOCK_STREAM ? 0 : -EPROTOTYPE;
}

int cgnet_identify_socket(int fd, struct cgnet_socket_kind *kind) {
  int type = 0, listening = 0;
  socklen_t length = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) return -errno;
  length = sizeof listening;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0) return -errno;
  struct sockaddr_storage address = {0};
  int error = cgnet_local_address(fd, &address, &length);
  if (error != 0) return error;
  bool is_internet = address.ss_family == AF_INET || address.ss_family == AF_INET6;
  *kind = (struct cgnet_socket_kind){type == SOCK_DGRAM, listening != 0};
  bool is_served = type == SOCK_STREAM ? is_internet || address.ss_family == AF_UNIX
                                       : type == SOCK_DGRAM && is_internet;
  return is_served ? 0 : -EPROTOTYPE;
}

int cgnet_duplicate(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
  return result(fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

int cgnet_unread_count(int fd) {
  int count = 0;
  return ioctl(fd, FIONREAD, &count) == 0 ? count : 0;
}
