// The system calls of Gnet under one contract, and the declarations of the C library for Gnet's Swift files.
//
// Each system has one file for the calls that differ between systems: platform_linux.c, platform_bsd.c; the count of Linux's
// processors is in processors_linux.c. The other calls
// are in sockets.c, files.c, processes.c and threads.c.
//
// A function that can fail returns the negated errno. Swift would read `errno` too late: code that runs between the
// failed call and the reading may change it.

#ifndef CGNET_H
#define CGNET_H

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>

/// The largest number of messages in one system call. The capacity of a message's buffer in bytes: more than a UDP
/// message can have.
enum { CGNET_DATAGRAM_BATCH = 32, CGNET_MESSAGE_CAPACITY = 65536 };

/// The local address of a datagram: the destination of a received datagram, the source of a datagram to be sent. An
/// IPv4 address is mapped to IPv6. All zero: no address, and the system chooses the source.
struct cgnet_local {
  struct in6_addr address;
  uint32_t scope;  // the interface of a link-local address, 0 otherwise
};

/// The two ends of a datagram.
struct cgnet_ends {
  struct sockaddr_in6 peer;  // for IPv4 a sockaddr_in, followed by zeros in a run to be sent
  socklen_t peer_length;     // 0 in a run of a connected socket
  struct cgnet_local local;  // of a received datagram: zero without CGNET_REPORT_LOCAL
};

/// Whether two pairs of ends have the same bytes.
static inline bool cgnet_is_same_ends(const struct cgnet_ends *left, const struct cgnet_ends *right) {
  return memcmp(left, right, sizeof *left) == 0;
}

/// A received message: one datagram, or several datagrams of one peer that the system has merged.
struct cgnet_datagrams {
  const void *bytes;
  size_t byte_count;
  size_t segment;  // the size of each datagram; the last may be shorter; 0 for a single datagram
  struct cgnet_ends ends;
};

/// Buffers for CGNET_DATAGRAM_BATCH messages of the largest size, so no message is truncated. Pages that are never
/// written take no memory: small datagrams touch one page of each buffer.
struct cgnet_buffers;

/// Datagrams to be sent between the same ends, with their bytes one after the other; only one datagram if
/// cgnet_can_segment returns false.
struct cgnet_run {
  struct cgnet_ends ends;
  uint16_t segment;  // the size of each datagram; the last may be shorter; ignored for a single datagram
  uint16_t count;    // the number of datagrams
  size_t byte_count;
};

/// The types of sockets as integers: glibc declares an enumeration, and Swift imports it as a type of its own.
enum { CGNET_STREAM = SOCK_STREAM, CGNET_DATAGRAM = SOCK_DGRAM };

// MARK: Streams

/// socket(2): a non-blocking, close-on-exec socket whose writes raise no SIGPIPE. Returns the descriptor.
int cgnet_socket(int family, bool is_datagram);

/// bind(2).
int cgnet_bind(int fd, const struct sockaddr_storage *address, socklen_t length);

/// listen(2); the kernel clamps the backlog.
int cgnet_listen(int fd, int backlog);

/// connect(2).
int cgnet_connect(int fd, const struct sockaddr_storage *address, socklen_t length);

/// accept(2): a non-blocking, close-on-exec socket whose writes raise no SIGPIPE. Returns the descriptor.
int cgnet_accept(int fd, struct sockaddr_storage *peer, socklen_t *peer_length);

/// recv(2), as a direct system call where that saves instructions. Returns the number of bytes.
ssize_t cgnet_receive(int fd, void *buffer, size_t capacity);

/// send(2) without SIGPIPE. Returns the number of bytes.
ssize_t cgnet_send(int fd, const void *bytes, size_t count);

/// sendmsg(2) of two segments, without SIGPIPE. Returns the number of bytes.
ssize_t cgnet_send_two(int fd, const void *first, size_t first_count, const void *second, size_t second_count);

/// shutdown(2) with SHUT_WR.
int cgnet_end_output(int fd);

/// fcntl(2) with F_SETFL: makes calls on the descriptor block.
int cgnet_make_blocking(int fd);

/// close(2), never repeated. EINTR is not an error here: the descriptor is closed.
int cgnet_close(int fd);

// MARK: Options and state of a socket

/// The socket options of Gnet, independent of their names on each system.
enum cgnet_option {
  CGNET_NO_DELAY,         // TCP_NODELAY
  CGNET_KEEP_ALIVE,       // SO_KEEPALIVE, and the idle time in seconds; 0: off
  CGNET_KEEP_INTERVAL,    // the time between keep-alive probes in seconds
  CGNET_KEEP_PROBES,      // the keep-alive probes without an answer after which a peer is given up
  CGNET_USER_TIMEOUT,     // TCP_USER_TIMEOUT in milliseconds; macOS and FreeBSD: an option like it, in seconds
  CGNET_REUSE_ADDRESS,    // SO_REUSEADDR
  CGNET_SHARE_PORT,       // SO_REUSEPORT, or the option of the system that balances connections
  CGNET_IPV6_ONLY,        // IPV6_V6ONLY
  CGNET_RECEIVE_BUFFER,   // SO_RCVBUF
  CGNET_SEND_BUFFER,      // SO_SNDBUF
  CGNET_REPORT_LOCAL,     // receives fill in `local` where sends can use it; the value is the family
  CGNET_BIND_ADDRESS_ONLY,  // a bind to port 0 leaves the choice of the port to connect: IP_BIND_ADDRESS_NO_PORT on Linux
  CGNET_RESET_ON_CLOSE,   // SO_LINGER without time: closing sends a reset and drops what was not sent
  CGNET_RECEIVE_MERGED,   // receives merge datagrams of one peer: UDP_GRO, where the system has it
};

/// setsockopt(2). Does nothing for an option that the system lacks.
int cgnet_set_option(int fd, enum cgnet_option option, int value);

/// getpeername(2).
int cgnet_peer_address(int fd, struct sockaddr_storage *address, socklen_t *length);

/// fcntl(2): calls on a stream socket of somebody else's making never block, and it is closed on exec; on macOS it is also
/// never the cause of a SIGPIPE. Other descriptors are an error.
int cgnet_adopt(int fd);

/// The kind of a socket of somebody else's making.
struct cgnet_socket_kind {
  bool is_datagram;
  bool is_listening;
};

/// getsockopt(2) with SO_TYPE and SO_ACCEPTCONN: the kind of a socket. A kind that a server cannot have is -EPROTOTYPE.
int cgnet_identify_socket(int fd, struct cgnet_socket_kind *kind);

/// fcntl(2) with F_DUPFD_CLOEXEC: another descriptor from 3 on for a socket of somebody else's making, whose calls never
/// block from now on.
int cgnet_duplicate(int fd);

/// getsockname(2).
int cgnet_local_address(int fd, struct sockaddr_storage *address, socklen_t *length);

/// getsockopt(2) with SO_ERROR. Returns the pending error and clears it; 0: no error.
int cgnet_pending_error(int fd);

/// ioctl(2) with FIONREAD: the number of bytes in the kernel's receive buffer; 0 where unknown.
int cgnet_unread_count(int fd);

/// The number of bytes sent but not acknowledged by a TCP peer; 0 where unknown.
int cgnet_unacknowledged_count(int fd);

/// The process at the other end of a unix socket; -1 where unknown.
pid_t cgnet_peer_process(int fd);

/// Whether the system balances connections between sockets that share a port.
bool cgnet_share_port_balances(void);

/// Whether the names of unix sockets may be in an abstract namespace: unix(7) of Linux.
bool cgnet_has_abstract_names(void);

// MARK: Datagrams

/// Whether a socket can send several datagrams of one size as one message. The system or the network adapter splits the
/// message. Sending may still fail, if some part of the path cannot split it.
bool cgnet_can_segment(int fd);

/// Allocates the buffers; ends the process when memory runs out.
struct cgnet_buffers *cgnet_make_buffers(void);
void cgnet_free_buffers(struct cgnet_buffers *buffers);

/// The messages of the last receive, as a pointer to the first.
const struct cgnet_datagrams *cgnet_received(const struct cgnet_buffers *buffers);

/// Receives the messages that have arrived, at most CGNET_DATAGRAM_BATCH; one system call where the system has
/// recvmmsg(2). Returns the number of messages; an error only if there is none.
int cgnet_receive_datagrams(int fd, struct cgnet_buffers *buffers);

/// Sends up to `count` runs, at most CGNET_DATAGRAM_BATCH, with their bytes one after the other at `bytes`; one system
/// call where the system has sendmmsg(2). Returns the number of runs sent; an error only if the first run failed.
int cgnet_send_datagrams(int fd, const void *bytes, const struct cgnet_run *runs, int count);

/// Sets the length byte of a BSD socket address; does nothing on other systems.
void cgnet_set_length(struct sockaddr_storage *address, socklen_t length);

// MARK: Files

/// The identity of a file.
struct cgnet_file {
  uint64_t device;
  uint64_t number;
  bool is_socket;
};

/// lstat(2): the identity of the file at `path`; a symbolic link is not followed.
int cgnet_identify_file(const char *path, struct cgnet_file *file);

/// getcwd(3).
int cgnet_working_directory(char *buffer, size_t capacity);

/// chmod(2).
int cgnet_change_mode(const char *path, mode_t mode);

/// unlink(2).
int cgnet_remove_file(const char *path);

/// open(2) of a folder, and flock(2) with LOCK_EX. Waits for a second at most while others have the lock: -EWOULDBLOCK.
/// Returns the descriptor; closing it ends the lock.
int cgnet_lock_folder(const char *path);

/// getrlimit(2) with RLIMIT_NOFILE: the number of descriptors that the process may have.
long cgnet_descriptor_limit(void);

// MARK: Processes

/// The most descriptors in one message of a channel; the descriptor of the channel in a process that was started with it.
enum { CGNET_MESSAGE_DESCRIPTORS = 64, CGNET_CHANNEL = 3 };

/// The environment of this process, as an array that ends with a null pointer.
char *const *cgnet_environment(void);

/// getpid(2).
pid_t cgnet_process(void);

/// socketpair(2): a channel for messages with descriptors between two processes. Both ends block and are closed on exec.
int cgnet_open_channel(int ends[2]);

/// fcntl(2) with FD_CLOEXEC: a channel that the process was started with is closed on exec.
int cgnet_adopt_channel(int fd);

/// setsockopt(2) with SO_RCVTIMEO and SO_SNDTIMEO: the time that a call on a channel may take.
int cgnet_set_patience(int fd, int milliseconds);

/// sendmsg(2): a message of bytes and of descriptors, at most CGNET_MESSAGE_DESCRIPTORS.
int cgnet_send_message(int fd, const void *bytes, size_t count, const int *fds, int fd_count);

/// recvmsg(2): the next message. Returns the number of its bytes. The end of the channel, or a message that does not fit, is
/// -EPROTO.
ssize_t cgnet_receive_message(int fd, void *bytes, size_t capacity, int *fds, int *fd_count);

/// poll(2): waits until a message or the end of the channel has come. Returns 0 when the time is over.
int cgnet_wait_readable(int fd, int milliseconds);

/// shutdown(2) with SHUT_RDWR: both processes see the end of the channel.
void cgnet_end_channel(int fd);

/// posix_spawnp(3): starts a process with a channel, the standard descriptors and no others, and without blocked signals.
pid_t cgnet_spawn(const char *program, char *const *arguments, char *const *environment, int channel);

/// kill(2) unless the signal is 0, and waitpid(2): waits for the end of a child, and kills it when the time is over. Returns
/// its exit code, or the negated number of the signal that ended it.
int cgnet_end_process(pid_t process, int number, int milliseconds);

// MARK: Processors and threads

/// The number of processors that this process may use, at least 1. On Linux no more than its control groups grant.
int cgnet_processor_count(void);

#if defined(__linux__)
/// The processors that the control groups of this process grant time for, rounded up; 0 without a quota. The files are read
/// below a root folder.
int cgnet_processor_quota(const char *root);
#endif

/// Sets the calling thread's name for debuggers and top(1).
void cgnet_set_thread_name(const char *name);

/// A thread, as an integer: the type of pthread_t differs between systems.
typedef uintptr_t cgnet_thread;

/// pthread_create(3): starts a thread and runs `body(argument)` on it. All signals are blocked on it but those that its own
/// instructions raise, such as SIGSEGV.
int cgnet_start_thread(cgnet_thread *thread, void (*body)(void *), void *argument);

/// pthread_join(3), pthread_detach(3), pthread_equal(3) with the caller.
void cgnet_join_thread(cgnet_thread thread);
void cgnet_detach_thread(cgnet_thread thread);
bool cgnet_is_current_thread(cgnet_thread thread);

/// The event loop of the calling thread; null on other threads.
void *cgnet_current_loop(void);
void cgnet_set_current_loop(void *loop);

/// The monotonic clock in nanoseconds: clock_gettime(2). It cannot fail here, and is no system call with a vDSO.
static inline int64_t cgnet_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Prefetches the cache line of an address for a later store. Any address is allowed: a prefetch never faults.
static inline void cgnet_prefetch(const void *address) { __builtin_prefetch(address, 1); }

#endif
