#if defined(__linux__)
#define _GNU_SOURCE
#include "CPoller.h"
#include "kernel_call.h"

#include <errno.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

// The number is the same on every architecture; old headers lack it.
#if !defined(SYS_epoll_pwait2)
#define SYS_epoll_pwait2 441
#endif

static int result(int value) { return value < 0 ? -errno : value; }

int cpoller_epoll_create(void) { return cpoller_beyond_standard(epoll_create1(EPOLL_CLOEXEC)); }

int cpoller_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data = {.u64 = data}};
  return result(epoll_ctl(epoll, operation, fd, &event));
}

// Sanitizers know the memory that a call writes by the call's name, so they need epoll_wait(3). Without a sanitizer the
// system call is made by number: epoll_wait(3) also prepares for pthread_cancel(3), and no thread here is cancelled.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define CPOLLER_WAIT_BY_NAME
#endif
#endif

#if defined(CPOLLER_WAIT_BY_NAME)
int cpoller_epoll_wait(int epoll, struct epoll_event *events, int capacity, int milliseconds) {
  return result(epoll_wait(epoll, events, capacity, milliseconds));
}
#else
int cpoller_epoll_wait(int epoll, struct epoll_event *events, int capacity, int milliseconds) {
  return (int)kernel_call(SYS_epoll_pwait, epoll, (long)events, capacity, milliseconds);
}
#endif

int cpoller_epoll_pwait2(int epoll, struct epoll_event *events, int capacity, int64_t nanoseconds) {
  // The kernel's own timespec, 64 bits a field; some C libraries have a narrower one.
  struct { int64_t seconds, nanoseconds; } timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  return result((int)syscall(SYS_epoll_pwait2, epoll, events, capacity, &timeout, NULL, 0));
}

int cpoller_eventfd(void) { return cpoller_beyond_standard(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

int cpoller_timerfd(void) {
  return cpoller_beyond_standard(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
}

int cpoller_timerfd_set(int fd, int64_t nanoseconds) {
  const struct itimerspec moment = {.it_value = {nanoseconds / 1000000000, nanoseconds % 1000000000}};
  return result(timerfd_settime(fd, TFD_TIMER_ABSTIME, &moment, NULL));
}

int cpoller_eventfd_signal(int fd) {
  const uint64_t one = 1;
  return write(fd, &one, sizeof one) < 0 ? -errno : 0;
}

int cpoller_eventfd_empty(int fd) {
  uint64_t count;
  return read(fd, &count, sizeof count) < 0 ? -errno : 0;
}
#endif
