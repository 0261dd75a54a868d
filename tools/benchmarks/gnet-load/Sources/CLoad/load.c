#define _GNU_SOURCE
#include "CLoad.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* of Linux 4.18; older headers of the C library lack it */
#endif

int cload_resolve(const char *host, uint16_t port, int type, struct cload_address *address) {
  struct addrinfo hints = {.ai_socktype = type}, *found;
  char service[8];
  snprintf(service, sizeof service, "%u", port);
  int code = getaddrinfo(host, service, &hints, &found);
  if (code) return code;
  memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
  address->length = found->ai_addrlen;
  address->type = type;
  freeaddrinfo(found);
  return 0;
}

int cload_unix_address(const char *path, struct cload_address *address) {
  struct sockaddr_un *un = (struct sockaddr_un *)&address->storage;
  if (strlen(path) >= sizeof un->sun_path) return -ENAMETOOLONG;
  memset(un, 0, sizeof *un);
  un->sun_family = AF_UNIX;
  strcpy(un->sun_path, path);
  address->length = sizeof *un;
  address->type = SOCK_STREAM;
  return 0;
}

const char *cload_resolve_error(int code) { return gai_strerror(code); }

static int set_up(int fd, const struct cload_address *address, int source, int timeout) {
  int one = 1;
  struct timeval limit = {.tv_sec = timeout};
  if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit)) return -errno;
  int family = address->storage.ss_family;
  if (family != AF_UNIX && address->type == SOCK_STREAM &&
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one))
    return -errno;
  const struct sockaddr_in *server = (const struct sockaddr_in *)&address->storage;
  if (source > 0 && family == AF_INET && ntohl(server->sin_addr.s_addr) >> 24 == 127) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000u + (unsigned)source)};
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) ||
        bind(fd, (const struct sockaddr *)&from, sizeof from))
      return -errno;
  }
  if (!connect(fd, (const struct sockaddr *)&address->storage, address->length)) return 0;
  return errno == EINPROGRESS || errno == EAGAIN ? -ETIMEDOUT : -errno;
}

int cload_connect(const struct cload_address *address, int source, int timeout) {
  int fd = socket(address->storage.ss_family, address->type | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int result = set_up(fd, address, source, timeout);
  if (!result) return fd;
  close(fd);
  return result;
}

int cload_segment(int fd, int size) {
  return setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size) ? -errno : 0;
}

int cload_close(int fd) { return close(fd) ? -errno : 0; }

int cload_epoll(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int cload_watch(int epoll, int fd, uint64_t token, int is_new, int wants_output) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (wants_output ? EPOLLOUT : 0),
                              .data.u64 = token};
  return epoll_ctl(epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) ? -errno : 0;
}

int cload_wait(int epoll, struct epoll_event *events, int limit, int64_t nanoseconds) {
  static int has_no_pwait2;
  if (nanoseconds <= 0 || has_no_pwait2) {
    int64_t milliseconds = nanoseconds <= 0 ? 0 : (nanoseconds + 999999) / 1000000;
    int count = epoll_wait(epoll, events, limit, milliseconds > 60000 ? 60000 : (int)milliseconds);
    return count < 0 ? (errno == EINTR ? 0 : -errno) : count;
  }
  struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  long count = syscall(SYS_epoll_pwait2, epoll, events, limit, &time, NULL, 0);
  if (count >= 0) return (int)count;
  if (errno == EINTR) return 0;
  if (errno != ENOSYS) return -errno;
  has_no_pwait2 = 1;
  return 0;
}

ssize_t cload_send(int fd, const void *bytes, size_t count) {
  for (;;) {
    ssize_t sent = send(fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    if (errno != EINTR) return -errno;
  }
}

ssize_t cload_receive(int fd, void *bytes, size_t count) {
  for (;;) {
    ssize_t received = recv(fd, bytes, count, MSG_DONTWAIT);
    if (received >= 0) return received;
    if (errno != EINTR) return -errno;
  }
}

int64_t cload_processor_time(pid_t process) {
  clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
  struct timespec time;
  int code = process ? clock_getcpuclockid(process, &clock) : 0;
  if (code) return -code;
  if (clock_gettime(clock, &time)) return -errno;
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

int cload_processor_times(pid_t process, struct cload_times *times) {
  char path[32] = "/proc/self/stat", text[1024];
  if (process) snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
  FILE *file = fopen(path, "re");
  if (!file) return -errno;
  size_t count = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[count] = 0;
  const char *name_end = strrchr(text, ')'); /* the name may contain anything */
  unsigned long long user, system;
  if (!name_end || sscanf(name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
    return -EIO;
  int64_t tick = 1000000000 / sysconf(_SC_CLK_TCK);
  times->user = (int64_t)user * tick;
  times->system = (int64_t)system * tick;
  return 0;
}

int64_t cload_raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) return -errno;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit)) return -errno;
  return limit.rlim_cur > INT32_MAX ? INT32_MAX : (int64_t)limit.rlim_cur;
}
