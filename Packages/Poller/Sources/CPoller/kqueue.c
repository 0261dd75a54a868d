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
  if (fd <= STDERR_FILENO) {  // no duplicate: libkqueue knows a kqueue by its number
    int beyond = cpoller_kqueue();
    close(fd);
    return beyond;
  }
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) return fd;
  int code = errno;
  close(fd);
  return -code;
}

// The fields differ in width from system to system: an assignment converts, an initializer would warn.
static struct kevent make(uintptr_t ident, int filter, unsigned flags, unsigned fflags, uint64_t token) {
  struct kevent event = {0};
  event.ident = ident;
  event.filter = filter;
  event.flags = flags;
  event.fflags = fflags;
  event.udata = (__typeof__(event.udata))(uintptr_t)token;
  return event;
}

static int submit(int kqueue, struct kevent *changes, int count, struct kevent *answers) {
  // There is space for as many answers as there are changes, so the call returns with the answers. It does not look for
  // events, and so neither sleeps nor is interrupted.
  const struct timespec zero = {0};
  int result = kevent(kqueue, changes, count, answers, answers ? count : 0, &zero);
  return result < 0 ? -errno : result;
}

int cpoller_kqueue_add_user(int kqueue) {
  struct kevent change = make(0, EVFILT_USER, EV_ADD | EV_CLEAR, 0, UINT64_MAX);
  return submit(kqueue, &change, 1, NULL);
}

int cpoller_kqueue_trigger_user(int kqueue) {
  // The token is given again: some kernels take it from every change of a filter.
  struct kevent change = make(0, EVFILT_USER, 0, NOTE_TRIGGER, UINT64_MAX);
  return submit(kqueue, &change, 1, NULL);
}

static int add(struct kevent *changes, int fd, int filter, unsigned flags, uint64_t token) {
  if (flags == 0) return 0;
  // A second change disables the filter: libkqueue arms a filter that is added as a disabled one.
  changes[0] = make(fd, filter, (flags & ~(unsigned)EV_DISABLE) | EV_ADD | EV_RECEIPT, 0, token);
  if (!(flags & EV_DISABLE)) return 1;
  changes[1] = make(fd, filter, EV_DISABLE | EV_RECEIPT, 0, token);
  return 2;
}

struct cpoller_answers cpoller_kqueue_change(int kqueue, int fd, bool deletes, unsigned read_flags,
                                             unsigned write_flags, uint64_t token) {
  struct kevent changes[6], answers[6];
  int count = 0;
  if (deletes) {
    changes[count++] = make(fd, EVFILT_READ, EV_DELETE | EV_RECEIPT, 0, token);
    changes[count++] = make(fd, EVFILT_WRITE, EV_DELETE | EV_RECEIPT, 0, token);
  }
  count += add(changes + count, fd, EVFILT_READ, read_flags, token);
  count += add(changes + count, fd, EVFILT_WRITE, write_flags, token);

  int answered = submit(kqueue, changes, count, answers);
  if (answered < 0) return (struct cpoller_answers){.deleted = -answered, .added = -answered};
  struct cpoller_answers result = {0};
  int index = 0;
  if (deletes && answered >= 2) {
    result.deleted = answers[0].data != 0 && answers[1].data != 0 ? (int)answers[0].data : 0;
    index = 2;
  }
  for (; index < answered && result.added == 0; index++) result.added = (int)answers[index].data;
  return result;
}

struct kevent cpoller_kevent_disable(uintptr_t fd, int filter, uint64_t token) {
  return make(fd, filter, EV_DISABLE | EV_RECEIPT, 0, token);
}

int cpoller_kqueue_submit(int kqueue, struct kevent *changes, int count) {
  return submit(kqueue, changes, count, changes);
}

int cpoller_kqueue_wait(int kqueue, struct kevent *events, int capacity, int64_t nanoseconds) {
  struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  int count = kevent(kqueue, NULL, 0, events, capacity, nanoseconds < 0 ? NULL : &limit);
  return count < 0 ? -errno : count;
}

uint64_t cpoller_kevent_token(const struct kevent *event) { return (uintptr_t)event->udata; }
#endif
