#include "CPoller.h"

#if __has_include(<sys/event.h>)
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(void *) == sizeof(uint64_t), "a token travels in the pointer-sized udata");

int cpoller_kqueue(void) {
  int fd = kqueue();
  if (fd < 0) return -errno;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) return fd;
  int code = errno;
  close(fd);
  return -code;
}

int cpoller_kevent(int kqueue, const struct kevent *changes, int change_count, struct kevent *events,
                   int event_count, int64_t nanoseconds) {
  struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  int count = kevent(kqueue, changes, change_count, events, event_count, nanoseconds < 0 ? NULL : &timeout);
  return count < 0 ? -errno : count;
}

struct kevent cpoller_kevent_make(uintptr_t ident, int filter, unsigned flags, unsigned fflags, uint64_t token) {
  // The casts follow the fields: `udata` is a pointer on most systems, an integer on old NetBSD.
  struct kevent event = {0};
  event.ident = ident;
  event.filter = filter;
  event.flags = flags;
  event.fflags = fflags;
  event.udata = (__typeof__(event.udata))(uintptr_t)token;
  return event;
}

uint64_t cpoller_kevent_token(const struct kevent *event) { return (uintptr_t)event->udata; }
#endif
