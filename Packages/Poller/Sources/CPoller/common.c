#include "CPoller.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

int cpoller_close(int fd) {
  // Never retried: after EINTR the descriptor is closed on every system but HP-UX, and its number may be in use again.
  return close(fd) == 0 ? 0 : -errno;
}

int cpoller_beyond_standard(int fd) {
  if (fd < 0) return -errno;
  if (fd > STDERR_FILENO) return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int code = errno;
  close(fd);
  return moved < 0 ? -code : moved;
}

int64_t cpoller_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
