// The socket calls whose names, flags or very existence differ between systems, under one contract.
//
// Each system supplies the whole contract in a file of its own: platform_linux.c, platform_bsd.c.
// They are functions, not macros, because some of what they call hides behind _GNU_SOURCE, which the
// Swift importer of Glibc does not define. Every function reports failure as its system call does:
// -1 and errno.

#ifndef CGNET_H
#define CGNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

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

/// Room for CGNET_DATAGRAM_BATCH messages, each as large as they get: none is cut. Memory that is never written to
/// costs nothing, so a load of small datagrams touches one page of each.
struct cgnet_room;

/// Datagrams to be sent between the same ends, whose bytes lie one after the other: a single one, or several where
/// cgnet_can_segment says so.
struct cgnet_run {
  struct cgnet_ends ends;
  uint16_t segment;  // the bytes of each but the last, which may have fewer; of no meaning for a single one
  uint16_t count;    // datagrams
  size_t byte_count;
};

/// socket(2): non-blocking, close-on-exec, and never the cause of a SIGPIPE.
int cgnet_socket(int family, int type);

/// accept(2): the new socket is non-blocking, close-on-exec, and never the cause of a SIGPIPE.
int cgnet_accept(int fd, struct sockaddr_storage *peer, socklen_t *peer_length);

/// recv(2); no cancellation point where that costs something.
ssize_t cgnet_receive(int fd, void *room, size_t capacity);

/// send(2) that never raises SIGPIPE.
ssize_t cgnet_send(int fd, const void *bytes, size_t count);

/// sendmsg(2) of two segments that never raises SIGPIPE.
ssize_t cgnet_send_two(int fd, const void *first, size_t first_count, const void *second, size_t second_count);

/// Has receives tell the `local` of a socket's datagrams where sends can use it, so that an answer leaves from the
/// address that was asked.
int cgnet_report_local(int fd, int family);

/// Whether a socket sends several datagrams of one size as one message, which the system or the network adapter takes
/// apart. A message may fail all the same for what cannot do so on its way.
bool cgnet_can_segment(int fd);

/// Has receives take datagrams together that one peer has sent so, or that the system has put together, where it can.
void cgnet_receive_merged(int fd);

struct cgnet_room *cgnet_make_room(void);
void cgnet_free_room(struct cgnet_room *room);

/// The messages of the last receive, the first of them.
const struct cgnet_datagrams *cgnet_received(const struct cgnet_room *room);

/// Receives the messages that have arrived, as many as there is room for; one system call where the system has
/// recvmmsg(2). The number received; -1 only if none was.
int cgnet_receive_datagrams(int fd, struct cgnet_room *room);

/// Sends up to `count` runs, CGNET_DATAGRAM_BATCH at the most, whose bytes lie one after the other at `bytes`; one
/// system call where the system has sendmmsg(2). The number sent; -1 only if the first could not be sent.
int cgnet_send_datagrams(int fd, const void *bytes, const struct cgnet_run *runs, int count);

/// Probes an idle TCP peer every so many seconds; 0 turns probing off.
int cgnet_set_keep_alive(int fd, int seconds);

/// The bytes sent that a TCP peer has not acknowledged; 0 where that is not known.
int cgnet_unacknowledged_count(int fd);

/// Writes the length byte that the BSDs keep in a socket address; does nothing elsewhere.
void cgnet_set_length(struct sockaddr_storage *address, socklen_t length);

/// Lets other sockets bind to this one's port: setsockopt(2) with SO_REUSEPORT, or what the system has to deal
/// connections to them evenly.
int cgnet_share_port(int fd);

/// Whether the sockets that share a port are dealt connections evenly.
bool cgnet_reuse_port_balances(void);

/// The processors that this process may run on, at least 1.
int cgnet_processor_count(void);

/// The process at the other end of a unix socket; -1 where it is not known.
pid_t cgnet_peer_process(int fd);

/// Names the calling thread as debuggers and top(1) show it.
void cgnet_set_thread_name(const char *name);

/// A thread; what pthread_t is differs between systems.
typedef uintptr_t cgnet_thread;

/// pthread_create(3): a thread with every signal blocked that runs `body(argument)`. 0, or an error number.
int cgnet_start_thread(cgnet_thread *thread, void (*body)(void *), void *argument);

/// pthread_join(3), pthread_detach(3), pthread_equal(3) with the caller.
void cgnet_join_thread(cgnet_thread thread);
void cgnet_detach_thread(cgnet_thread thread);
bool cgnet_is_current_thread(cgnet_thread thread);

/// The event loop that the calling thread runs; null on other threads.
void *cgnet_current_loop(void);
void cgnet_set_current_loop(void *loop);

/// The calling thread's fault plan: tests use it in debug builds to make system calls fail.
void *cgnet_thread_faults(void);
void cgnet_set_thread_faults(void *plan);

/// Has the processor fetch the cache line of an address, ahead of a store to it. The address may be any: this never fails.
static inline void cgnet_prefetch(const void *address) { __builtin_prefetch(address, 1); }

#endif
