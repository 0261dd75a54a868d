// The system calls behind Gnet, under one contract, and the declarations of the C library that its Swift files use.
//
// Calls that differ between systems are supplied by one file per system: platform_linux.c, platform_bsd.c. The
// others are in sockets.c, files.c and threads.c.
//
// A function that can fail returns the negated errno: Swift reads `errno` too late, since the code between the failed
// call and the line that asks may have changed it.

#ifndef CGNET_H
#define CGNET_H

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>

/// The most messages that one call receives or sends, and more bytes than one may have.
enum { CGNET_DATAGRAM_BATCH = 32, CGNET_MESSAGE_CAPACITY = 65536 };

/// The address of this machine that a datagram came to, or is to leave from: one of IPv4 is mapped to IPv6. All zero
/// for none: the system chooses.
struct cgnet_local {
  struct in6_addr address;
  uint32_t scope;  // the interface of a link-local address, 0 otherwise
};

/// The two ends of a datagram.
struct cgnet_ends {
  struct sockaddr_in6 peer;  // or a sockaddr_in in its place; to be sent to, with zeros behind it
  socklen_t peer_length;
  struct cgnet_local local;  // of one received: none unless asked for by cgnet_report_local
};

/// Whether two are the same, byte by byte.
static inline bool cgnet_is_same_ends(const struct cgnet_ends *left, const struct cgnet_ends *right) {
  return memcmp(left, right, sizeof *left) == 0;
}

/// What was received as one message: a datagram, or several of one peer that the system has merged.
struct cgnet_datagrams {
  const void *bytes;
  size_t byte_count;
  size_t segment;  // the bytes of each but the last, which may have fewer; 0 for a single one
  struct cgnet_ends ends;
};

/// Buffers for CGNET_DATAGRAM_BATCH messages, each as large as a message gets: none is cut. Memory that is never
/// written to costs nothing, so a load of small datagrams touches one page of each buffer.
struct cgnet_buffers;

/// Datagrams to be sent between the same ends, whose bytes lie one after the other: a single one, or several where
/// cgnet_can_segment says so.
struct cgnet_run {
  struct cgnet_ends ends;
  uint16_t segment;  // the bytes of each but the last, which may have fewer; of no meaning for a single one
  uint16_t count;    // datagrams
  size_t byte_count;
};

/// The types of sockets, as numbers: glibc's are an enumeration, which Swift tells from a number.
enum { CGNET_STREAM = SOCK_STREAM, CGNET_DATAGRAM = SOCK_DGRAM };

// MARK: Streams

/// socket(2): non-blocking, close-on-exec, and never the cause of a SIGPIPE. The descriptor.
int cgnet_socket(int family, bool is_datagram);

/// bind(2).
int cgnet_bind(int fd, const struct sockaddr_storage *address, socklen_t length);

/// listen(2); the kernel clamps the backlog.
int cgnet_listen(int fd, int backlog);

/// connect(2).
int cgnet_connect(int fd, const struct sockaddr_storage *address, socklen_t length);

/// accept(2): the new socket is non-blocking, close-on-exec, and never the cause of a SIGPIPE. The descriptor.
int cgnet_accept(int fd, struct sockaddr_storage *peer, socklen_t *peer_length);

/// recv(2); no cancellation point where that costs something. The number of bytes.
ssize_t cgnet_receive(int fd, void *buffer, size_t capacity);

/// send(2) that never raises SIGPIPE. The number of bytes.
ssize_t cgnet_send(int fd, const void *bytes, size_t count);

/// sendmsg(2) of two segments that never raises SIGPIPE. The number of bytes.
ssize_t cgnet_send_two(int fd, const void *first, size_t first_count, const void *second, size_t second_count);

/// shutdown(2) with SHUT_WR.
int cgnet_end_output(int fd);

/// fcntl(2) with F_SETFL: calls on the descriptor block again.
int cgnet_make_blocking(int fd);

/// close(2), never repeated: after EINTR the descriptor is gone as well, which is no error here.
int cgnet_close(int fd);

// MARK: Options and state of a socket

/// The options that Gnet sets, whatever a system calls them.
enum cgnet_option {
  CGNET_NO_DELAY,         // TCP_NODELAY
  CGNET_KEEP_ALIVE,       // SO_KEEPALIVE, the idle time and the interval in seconds; 0: off
  CGNET_REUSE_ADDRESS,    // SO_REUSEADDR
  CGNET_SHARE_PORT,       // SO_REUSEPORT, or the option by which the system deals connections evenly
  CGNET_IPV6_ONLY,        // IPV6_V6ONLY
  CGNET_RECEIVE_BUFFER,   // SO_RCVBUF
  CGNET_SEND_BUFFER,      // SO_SNDBUF
  CGNET_REPORT_LOCAL,     // receives tell the `local` of datagrams where sends can use it; the value is the family
  CGNET_RECEIVE_MERGED,   // receives take datagrams together that one peer has sent so: UDP_GRO, where there is one
};

/// setsockopt(2). 0 for an option that the system does not have.
int cgnet_set_option(int fd, enum cgnet_option option, int value);

/// getsockname(2).
int cgnet_local_address(int fd, struct sockaddr_storage *address, socklen_t *length);

/// getsockopt(2) with SO_ERROR, which clears the error. The error itself, 0 for none.
int cgnet_pending_error(int fd);

/// ioctl(2) with FIONREAD: the bytes that have arrived and were not received; 0 where that is not known.
int cgnet_unread_count(int fd);

/// The bytes sent that a TCP peer has not acknowledged; 0 where that is not known.
int cgnet_unacknowledged_count(int fd);

/// The process at the other end of a unix socket; -1 where it is not known.
pid_t cgnet_peer_process(int fd);

/// Whether the sockets that share a port are dealt connections evenly.
bool cgnet_share_port_balances(void);

// MARK: Datagrams

/// Whether a socket sends several datagrams of one size as one message, which the system or the network adapter takes
/// apart. A message may fail all the same, where something on its way cannot do so.
bool cgnet_can_segment(int fd);

struct cgnet_buffers *cgnet_make_buffers(void);
void cgnet_free_buffers(struct cgnet_buffers *buffers);

/// The messages of the last receive, the first of them.
const struct cgnet_datagrams *cgnet_received(const struct cgnet_buffers *buffers);

/// Receives the messages that have arrived, at most CGNET_DATAGRAM_BATCH; one system call where the system has
/// recvmmsg(2). The number received; an error only if none was.
int cgnet_receive_datagrams(int fd, struct cgnet_buffers *buffers);

/// Sends up to `count` runs, CGNET_DATAGRAM_BATCH at the most, whose bytes lie one after the other at `bytes`; one
/// system call where the system has sendmmsg(2). The number sent; an error only if the first could not be sent.
int cgnet_send_datagrams(int fd, const void *bytes, const struct cgnet_run *runs, int count);

/// Writes the length byte that the BSDs keep in a socket address; does nothing elsewhere.
void cgnet_set_length(struct sockaddr_storage *address, socklen_t length);

// MARK: Files

/// The identity of a file.
struct cgnet_file {
  uint64_t device;
  uint64_t number;
  bool is_socket;
};

/// lstat(2): what is at `path`, a link not followed.
int cgnet_identify_file(const char *path, struct cgnet_file *file);

/// getcwd(3).
int cgnet_working_directory(char *buffer, size_t capacity);

/// chmod(2).
int cgnet_change_mode(const char *path, mode_t mode);

/// unlink(2).
int cgnet_remove_file(const char *path);

// MARK: Processors and threads

/// The processors that this process may run on, at least 1.
int cgnet_processor_count(void);

/// Names the calling thread as debuggers and top(1) show it.
void cgnet_set_thread_name(const char *name);

/// A thread; what pthread_t is differs between systems.
typedef uintptr_t cgnet_thread;

/// pthread_create(3): a thread with every signal blocked that runs `body(argument)`.
int cgnet_start_thread(cgnet_thread *thread, void (*body)(void *), void *argument);

/// pthread_join(3), pthread_detach(3), pthread_equal(3) with the caller.
void cgnet_join_thread(cgnet_thread thread);
void cgnet_detach_thread(cgnet_thread thread);
bool cgnet_is_current_thread(cgnet_thread thread);

/// The event loop that the calling thread runs; null on other threads.
void *cgnet_current_loop(void);
void cgnet_set_current_loop(void *loop);

/// The monotonic clock in nanoseconds: clock_gettime(2), which cannot fail and is no system call where there is a vDSO.
static inline int64_t cgnet_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Has the processor fetch the cache line of an address, ahead of a store to it. The address may be any: this never fails.
static inline void cgnet_prefetch(const void *address) { __builtin_prefetch(address, 1); }

#endif
