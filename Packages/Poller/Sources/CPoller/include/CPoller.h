// The system calls of a poller, as functions that Swift can call.
//
// Glibc's Swift module lacks epoll and eventfd. Swift imports neither variadic functions nor function-like macros, and
// `errno` may change between a failed call and the line of Swift that reads it. So every function here makes one system
// call and returns its result or the negated `errno`. No file of Swift in this package imports the C library.

#ifndef CPOLLER_H
#define CPOLLER_H

#include <stdbool.h>
#include <stdint.h>

/// Corresponds to `close(2)`.
int cpoller_close(int fd);

/// The result of a call that has opened a descriptor, or -1 and `errno`: a descriptor from 3 on, or the negated `errno`.
///
/// The system gives the numbers of standard descriptors that are closed to the next descriptors that are opened. An
/// eventfd with such a number would be written what the program prints. Corresponds to `fcntl(2)` with `F_DUPFD_CLOEXEC`.
int cpoller_beyond_standard(int fd);

/// The monotonic clock in nanoseconds. Corresponds to `clock_gettime(2)` with `CLOCK_MONOTONIC`; it cannot fail.
int64_t cpoller_now(void);

#if defined(__linux__)
#include <sys/epoll.h>

/// Corresponds to `epoll_create1(2)` with `EPOLL_CLOEXEC`.
int cpoller_epoll_create(void);

/// Corresponds to `epoll_ctl(2)`.
int cpoller_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t data);

/// Corresponds to `epoll_wait(2)`.
int cpoller_epoll_wait(int epoll, struct epoll_event *_Nonnull events, int capacity, int milliseconds);

/// Corresponds to `epoll_pwait2(2)` without a signal mask. Made by number: Glibc has a wrapper since 2.35, musl has none.
int cpoller_epoll_pwait2(int epoll, struct epoll_event *_Nonnull events, int capacity, int64_t nanoseconds);

/// Corresponds to `eventfd(2)` with `EFD_NONBLOCK | EFD_CLOEXEC`.
int cpoller_eventfd(void);

/// Corresponds to `timerfd_create(2)` with `CLOCK_MONOTONIC` and `TFD_NONBLOCK | TFD_CLOEXEC`.
int cpoller_timerfd(void);

/// Arms a timerfd to expire once, at a moment greater than zero. Corresponds to `timerfd_settime(2)` with
/// `TFD_TIMER_ABSTIME`.
int cpoller_timerfd_set(int fd, int64_t nanoseconds);

/// Adds one to an eventfd. Corresponds to `write(2)`.
int cpoller_eventfd_signal(int fd);

/// Sets an eventfd to zero. Corresponds to `read(2)`.
int cpoller_eventfd_empty(int fd);
#endif

// The header names the platform: BSD and Darwin have it, Linux only where libkqueue is on the search path.
#if __has_include(<sys/event.h>)
#include <sys/types.h>
#include <sys/event.h>

/// Corresponds to `kqueue(2)`, with `FD_CLOEXEC` set by `fcntl(2)`.
int cpoller_kqueue(void);

/// Adds the kqueue's own `EVFILT_USER`. Corresponds to `kevent(2)` with `EV_ADD`.
int cpoller_kqueue_add_user(int kqueue);

/// Triggers the kqueue's own `EVFILT_USER`. Corresponds to `kevent(2)` with `NOTE_TRIGGER`.
int cpoller_kqueue_trigger_user(int kqueue);

/// The kernel's answers to a change of one descriptor: zero or an `errno` each.
struct cpoller_answers {
  int deleted;  // zero if there was a filter to delete
  int added;    // zero if all filters were added
};

/// Deletes a descriptor's filters if asked to, and then adds the filters whose flags are not zero.
/// Corresponds to `kevent(2)` with `EV_DELETE`, `EV_ADD` and `EV_RECEIPT`; one call.
struct cpoller_answers cpoller_kqueue_change(int kqueue, int fd, bool deletes, unsigned read_flags,
                                             unsigned write_flags, uint64_t token);

/// A change that disables one filter of a descriptor. Corresponds to `EV_SET`.
struct kevent cpoller_kevent_disable(uintptr_t fd, int filter, uint64_t token);

/// Makes changes with `EV_RECEIPT`, and overwrites them with the answers. Corresponds to `kevent(2)`.
int cpoller_kqueue_submit(int kqueue, struct kevent *_Nonnull changes, int count);

/// Receives events; there is no time limit if `nanoseconds` is negative. Corresponds to `kevent(2)`.
int cpoller_kqueue_wait(int kqueue, struct kevent *_Nonnull events, int capacity, int64_t nanoseconds);

/// The token that the filter of an event was added with.
uint64_t cpoller_kevent_token(const struct kevent *_Nonnull event);
#endif

#endif
