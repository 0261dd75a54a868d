#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__OpenBSD__) || defined(__NetBSD__)

#include "CGnet.h"
#include "common.h"

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

// macOS has no MSG_NOSIGNAL: SO_NOSIGPIPE is set once on the socket instead.
#if defined(MSG_NOSIGNAL)
enum { send_flags = MSG_NOSIGNAL };
#else
enum { send_flags = 0 };
#endif

#if defined(SO_NOSIGPIPE)
static bool never_raises_sigpipe(int fd) {
  int on = 1;
  // EINVAL: the peer is already gone. The first read will report it.
  return setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) == 0 || errno == EINVAL;
}
#else
static bool never_raises_sigpipe(int fd) {
  (void)fd;
  return true;  // MSG_NOSIGNAL in each send prevents the signal
}
#endif

// macOS has no accept4: on all systems of this file the flags are set one after the other.
static int make_ready(int fd) {
  int flags = fcntl(fd, F_GETFL);
  bool is_ready = flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && never_raises_sigpipe(fd);
  return is_ready ? 0 : -errno;
}

int cgnet_adopt(int fd) {
  int error = cgnet_check_stream(fd);
  return error != 0 ? error : make_ready(fd);
}

static int prepared(int opened) {
  int fd = cgnet_beyond_standard(opened);
  if (fd < 0) return fd;
  int error = make_ready(fd);
  if (error == 0) return fd;
  close(fd);
  return error;
}

int cgnet_socket(int family, bool is_datagram) {
  return prepared(socket(family, is_datagram ? SOCK_DGRAM : SOCK_STREAM, 0));
}

int cgnet_accept(int fd, struct sockaddr_storage *peer, socklen_t *peer_length) {
  *peer_length = sizeof *peer;
  return prepared(accept(fd, (struct sockaddr *)peer, peer_length));
}

ssize_t cgnet_receive(int fd, void *buffer, size_t capacity) {
  ssize_t count = recv(fd, buffer, capacity, 0);
  return count < 0 ? -errno : count;
}

ssize_t cgnet_send(int fd, const void *bytes, size_t count) {
  ssize_t sent = send(fd, bytes, count, send_flags);
  return sent < 0 ? -errno : sent;
}

ssize_t cgnet_send_two(int fd, const void *first, size_t first_count, const void *second, size_t second_count) {
  struct iovec segments[2] = {{(void *)first, first_count}, {(void *)second, second_count}};
  struct msghdr message = {.msg_iov = segments, .msg_iovlen = 2};
  ssize_t sent = sendmsg(fd, &message, send_flags);
  return sent < 0 ? -errno : sent;
}

bool cgnet_can_segment(int fd) {
  (void)fd;
  return false;
}

struct cgnet_buffers {
  struct cgnet_datagrams datagrams[CGNET_DATAGRAM_BATCH];
};

struct cgnet_buffers *cgnet_make_buffers(void) {
  struct cgnet_buffers *buffers = calloc(1, sizeof *buffers);
  char *bytes = malloc((size_t)CGNET_DATAGRAM_BATCH * CGNET_MESSAGE_CAPACITY);
  if (buffers == NULL || bytes == NULL) abort();
  for (int i = 0; i < CGNET_DATAGRAM_BATCH; i++) {
    buffers->datagrams[i].bytes = bytes + (size_t)i * CGNET_MESSAGE_CAPACITY;
  }
  return buffers;
}

void cgnet_free_buffers(struct cgnet_buffers *buffers) {
  free((void *)buffers->datagrams[0].bytes);
  free(buffers);
}

const struct cgnet_datagrams *cgnet_received(const struct cgnet_buffers *buffers) { return buffers->datagrams; }

int cgnet_receive_datagrams(int fd, struct cgnet_buffers *buffers) {
  for (int i = 0; i < CGNET_DATAGRAM_BATCH; i++) {
    struct cgnet_datagrams *datagrams = &buffers->datagrams[i];
    struct iovec segment = {(void *)datagrams->bytes, CGNET_MESSAGE_CAPACITY};
    struct msghdr message = {
      .msg_name = &datagrams->ends.peer, .msg_namelen = sizeof datagrams->ends.peer,
      .msg_iov = &segment, .msg_iovlen = 1};
    ssize_t received = recvmsg(fd, &message, MSG_DONTWAIT);
    if (received < 0) return i > 0 ? i : -errno;
    datagrams->byte_count = (size_t)received;
    datagrams->ends.peer_length = message.msg_namelen;
  }
  return CGNET_DATAGRAM_BATCH;
}

int cgnet_send_datagrams(int fd, const void *bytes, const struct cgnet_run *runs, int count) {
  int batch = count < CGNET_DATAGRAM_BATCH ? count : CGNET_DATAGRAM_BATCH;
  const char *next = bytes;
  for (int i = 0; i < batch; i++) {
    const struct cgnet_ends *ends = &runs[i].ends;
    const struct sockaddr *peer = ends->peer_length > 0 ? (const struct sockaddr *)&ends->peer : NULL;  // connected
    ssize_t sent = sendto(fd, next, runs[i].byte_count, MSG_DONTWAIT | send_flags, peer, ends->peer_length);
    if (sent < 0) return i > 0 ? i : -errno;
    next += runs[i].byte_count;
  }
  return batch;
}

#if defined(TCP_KEEPALIVE)
enum { keep_idle = TCP_KEEPALIVE };
#elif defined(TCP_KEEPIDLE)
enum { keep_idle = TCP_KEEPIDLE };
#else
enum { keep_idle = 0 };  // OpenBSD: one idle time and one interval for the whole system
#endif

#if defined(TCP_KEEPINTVL)
enum { keep_interval = TCP_KEEPINTVL };
#else
enum { keep_interval = 0 };
#endif

#if defined(TCP_KEEPCNT)
enum { keep_count = TCP_KEEPCNT };
#else
enum { keep_count = 0 };
#endif

#if defined(TCP_RXT_CONNDROPTIME)
enum { drop_time = TCP_RXT_CONNDROPTIME };
#elif defined(TCP_MAXUNACKTIME)
enum { drop_time = TCP_MAXUNACKTIME };
#else
enum { drop_time = 0 };  // OpenBSD, NetBSD: the system's own time
#endif

static int set_user_timeout(int fd, int milliseconds) {
  if (drop_time == 0) return 0;
  int seconds = milliseconds / 1000 + (milliseconds % 1000 > 0);
  return result(setsockopt(fd, IPPROTO_TCP, drop_time, &seconds, sizeof seconds));
}

// Sets an option of TCP; the number of an option that the system does not have is 0.
static int set_if_known(int fd, int option, int value) {
  return option == 0 ? 0 : result(setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value));
}

static int set_keep_alive(int fd, int seconds) {
  int on = seconds > 0;
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0) return -errno;
  return on ? set_if_known(fd, keep_idle, seconds) : 0;
}

#if defined(SO_NWRITE)
int cgnet_unacknowledged_count(int fd) {
  int count = 0;
  socklen_t size = sizeof count;
  return getsockopt(fd, SOL_SOCKET, SO_NWRITE, &count, &size) == 0 ? count : 0;
}
#elif defined(FIONWRITE)
int cgnet_unacknowledged_count(int fd) {
  int count = 0;
  return ioctl(fd, FIONWRITE, &count) == 0 ? count : 0;
}
#else
int cgnet_unacknowledged_count(int fd) {
  (void)fd;
  return 0;
}
#endif

void cgnet_set_length(struct sockaddr_storage *address, socklen_t length) { address->ss_len = (uint8_t)length; }

// With SO_REUSEPORT the socket that was bound last gets every connection. FreeBSD's SO_REUSEPORT_LB balances.
#if defined(SO_REUSEPORT_LB)
enum { share_port = SO_REUSEPORT_LB, share_port_balances = true };
#else
enum { share_port = SO_REUSEPORT, share_port_balances = false };
#endif

bool cgnet_share_port_balances(void) { return share_port_balances; }

bool cgnet_has_abstract_names(void) { return false; }

int cgnet_set_option(int fd, enum cgnet_option option, int value) {
  switch (option) {
    case CGNET_KEEP_ALIVE: return set_keep_alive(fd, value);
    case CGNET_KEEP_INTERVAL: return set_if_known(fd, keep_interval, value);
    case CGNET_KEEP_PROBES: return set_if_known(fd, keep_count, value);
    case CGNET_USER_TIMEOUT: return set_user_timeout(fd, value);
    case CGNET_SHARE_PORT: return result(setsockopt(fd, SOL_SOCKET, share_port, &value, sizeof value));
    case CGNET_REPORT_LOCAL: return 0;    // the system chooses the source address of answers
    case CGNET_BIND_ADDRESS_ONLY: return 0;  // bind chooses the port
    case CGNET_RECEIVE_MERGED: return 0;  // datagrams are received one by one
    default: return cgnet_set_common_option(fd, option, value);
  }
}

static int online_processors(void) {
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

#if defined(__APPLE__)

int cgnet_processor_count(void) {
  int count = 0;
  size_t size = sizeof count;
  return sysctlbyname("hw.logicalcpu", &count, &size, NULL, 0) == 0 && count > 0 ? count : online_processors();
}

pid_t cgnet_peer_process(int fd) {
  pid_t process = -1;
  socklen_t length = sizeof process;
  return getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &process, &length) == 0 ? process : -1;
}

void cgnet_set_thread_name(const char *name) { pthread_setname_np(name); }

#else

int cgnet_processor_count(void) { return online_processors(); }

#endif

#if defined(__FreeBSD__)

pid_t cgnet_peer_process(int fd) {
  struct xucred peer;
  socklen_t length = sizeof peer;
  return getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &peer, &length) == 0 ? peer.cr_pid : -1;
}

void cgnet_set_thread_name(const char *name) { pthread_set_name_np(pthread_self(), name); }

#elif defined(__NetBSD__)

pid_t cgnet_peer_process(int fd) {
  struct unpcbid peer;
  socklen_t length = sizeof peer;
  return getsockopt(fd, 0, LOCAL_PEEREID, &peer, &length) == 0 ? peer.unp_pid : -1;
}

void cgnet_set_thread_name(const char *name) { pthread_setname_np(pthread_self(), "%s", (void *)name); }

#elif defined(__OpenBSD__)

pid_t cgnet_peer_process(int fd) {
  struct sockpeercred peer;
  socklen_t length = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? peer.pid : -1;
}

void cgnet_set_thread_name(const char *name) { pthread_set_name_np(pthread_self(), name); }

#endif

#endif
