#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__OpenBSD__) || defined(__NetBSD__)

#include "CGnet.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sysctl.h>
#include <sys/uio.h>
#include <unistd.h>
#if defined(__FreeBSD__) || defined(__OpenBSD__)
#include <pthread_np.h>
#endif
#if defined(__FreeBSD__)
#include <sys/ucred.h>
#endif

// No MSG_NOSIGNAL on macOS: SO_NOSIGPIPE is set once on the socket instead.
#if defined(MSG_NOSIGNAL)
enum { send_flags = MSG_NOSIGNAL };
#else
enum { send_flags = 0 };
#endif

// No accept4 on macOS: the flags are set one after the other, on all of these systems alike.
static int prepared(int fd) {
  if (fd < 0) return fd;
  int flags = fcntl(fd, F_GETFL);
  bool is_ready = flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
#if defined(SO_NOSIGPIPE)
  int on = 1;
  // EINVAL: the peer is gone already, which the first read will tell.
  is_ready = is_ready && (setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) == 0 || errno == EINVAL);
#endif
  if (is_ready) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

int cgnet_socket(int family, int type) { return prepared(socket(family, type, 0)); }

int cgnet_accept(int fd, struct sockaddr_storage *peer, socklen_t *peer_length) {
  *peer_length = sizeof *peer;
  return prepared(accept(fd, (struct sockaddr *)peer, peer_length));
}

ssize_t cgnet_receive(int fd, void *room, size_t capacity) { return recv(fd, room, capacity, 0); }

ssize_t cgnet_send(int fd, const void *bytes, size_t count) { return send(fd, bytes, count, send_flags); }

ssize_t cgnet_send_two(int fd, const void *first, size_t first_count, const void *second, size_t second_count) {
  struct iovec segments[2] = {{(void *)first, first_count}, {(void *)second, second_count}};
  struct msghdr message = {.msg_iov = segments, .msg_iovlen = 2};
  return sendmsg(fd, &message, send_flags);
}

int cgnet_report_local(int fd, int family) {
  (void)fd;
  (void)family;
  return 0;  // answers leave from the address that the system chooses
}

bool cgnet_can_segment(int fd) {
  (void)fd;
  return false;
}

void cgnet_receive_merged(int fd) { (void)fd; }

struct cgnet_room {
  struct cgnet_datagrams datagrams[CGNET_DATAGRAM_BATCH];
};

struct cgnet_room *cgnet_make_room(void) {
  struct cgnet_room *room = calloc(1, sizeof *room);
  char *bytes = malloc((size_t)CGNET_DATAGRAM_BATCH * CGNET_MESSAGE_CAPACITY);
  if (room == NULL || bytes == NULL) abort();
  for (int i = 0; i < CGNET_DATAGRAM_BATCH; i++) room->datagrams[i].bytes = bytes + (size_t)i * CGNET_MESSAGE_CAPACITY;
  return room;
}

void cgnet_free_room(struct cgnet_room *room) {
  free((void *)room->datagrams[0].bytes);
  free(room);
}

const struct cgnet_datagrams *cgnet_received(const struct cgnet_room *room) { return room->datagrams; }

int cgnet_receive_datagrams(int fd, struct cgnet_room *room) {
  for (int i = 0; i < CGNET_DATAGRAM_BATCH; i++) {
    struct cgnet_datagrams *datagrams = &room->datagrams[i];
    struct iovec segment = {(void *)datagrams->bytes, CGNET_MESSAGE_CAPACITY};
    struct msghdr message = {
      .msg_name = &datagrams->ends.peer, .msg_namelen = sizeof datagrams->ends.peer,
      .msg_iov = &segment, .msg_iovlen = 1};
    ssize_t received = recvmsg(fd, &message, MSG_DONTWAIT);
    if (received < 0) return i > 0 ? i : -1;
    datagrams->byte_count = (size_t)received;
    datagrams->ends.peer_length = message.msg_namelen;
  }
  return CGNET_DATAGRAM_BATCH;
}

int cgnet_send_datagrams(int fd, const void *bytes, const struct cgnet_run *runs, int count) {
  int batch = count < CGNET_DATAGRAM_BATCH ? count : CGNET_DATAGRAM_BATCH;
  const char *next = bytes;
  for (int i = 0; i < batch; i++) {
    ssize_t sent = sendto(
      fd, next, runs[i].byte_count, MSG_DONTWAIT | send_flags,
      (const struct sockaddr *)&runs[i].ends.peer, runs[i].ends.peer_length);
    if (sent < 0) return i > 0 ? i : -1;
    next += runs[i].byte_count;
  }
  return batch;
}

int cgnet_set_keep_alive(int fd, int seconds) {
  int on = seconds > 0;
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0) return -1;
  if (!on) return 0;
#if defined(TCP_KEEPALIVE)
  if (setsockopt(fd, IPPROTO_TCP, TCP_KEEPALIVE, &seconds, sizeof seconds) != 0) return -1;
#elif defined(TCP_KEEPIDLE)
  if (setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds) != 0) return -1;
#endif
#if defined(TCP_KEEPINTVL)
  return setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
#else
  return 0;  // OpenBSD: one interval for the whole system
#endif
}

int cgnet_unacknowledged_count(int fd) {
  int count = 0;
#if defined(SO_NWRITE)
  socklen_t size = sizeof count;
  return getsockopt(fd, SOL_SOCKET, SO_NWRITE, &count, &size) == 0 ? count : 0;
#elif defined(FIONWRITE)
  return ioctl(fd, FIONWRITE, &count) == 0 ? count : 0;
#else
  (void)fd;
  return count;
#endif
}

void cgnet_set_length(struct sockaddr_storage *address, socklen_t length) { address->ss_len = (uint8_t)length; }

// With SO_REUSEPORT alone the socket that was bound last takes every connection. FreeBSD has another option, which
// balances.
#if defined(SO_REUSEPORT_LB)
enum { share_port = SO_REUSEPORT_LB, share_port_balances = true };
#else
enum { share_port = SO_REUSEPORT, share_port_balances = false };
#endif

int cgnet_share_port(int fd) {
  int on = 1;
  return setsockopt(fd, SOL_SOCKET, share_port, &on, sizeof on);
}

bool cgnet_reuse_port_balances(void) { return share_port_balances; }

int cgnet_processor_count(void) {
#if defined(__APPLE__)
  int count = 0;
  size_t size = sizeof count;
  if (sysctlbyname("hw.logicalcpu", &count, &size, NULL, 0) == 0 && count > 0) return count;
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

pid_t cgnet_peer_process(int fd) {
#if defined(__APPLE__)
  pid_t process = -1;
  socklen_t length = sizeof process;
  return getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &process, &length) == 0 ? process : -1;
#elif defined(__FreeBSD__)
  struct xucred peer;
  socklen_t length = sizeof peer;
  return getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &peer, &length) == 0 ? peer.cr_pid : -1;
#elif defined(__NetBSD__)
  struct unpcbid peer;
  socklen_t length = sizeof peer;
  return getsockopt(fd, 0, LOCAL_PEEREID, &peer, &length) == 0 ? peer.unp_pid : -1;
#else
  struct sockpeercred peer;
  socklen_t length = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? peer.pid : -1;
#endif
}

void cgnet_set_thread_name(const char *name) {
#if defined(__APPLE__)
  pthread_setname_np(name);
#elif defined(__NetBSD__)
  pthread_setname_np(pthread_self(), "%s", (void *)name);
#else
  pthread_set_name_np(pthread_self(), name);
#endif
}

#endif
