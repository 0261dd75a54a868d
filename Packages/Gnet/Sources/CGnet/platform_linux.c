#if defined(__linux__)

#define _GNU_SOURCE
#include "CGnet.h"
#include "common.h"
#include "kernel_call.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// Since Linux 4.18 and 5.0; older headers of the C library lack them.
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

int cgnet_socket(int family, bool is_datagram) {
  return cgnet_beyond_standard(
    socket(family, (is_datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int cgnet_adopt(int fd) {
  int error = cgnet_check_stream(fd);
  if (error != 0) return error;
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
  return result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int cgnet_accept(int fd, struct sockaddr_storage *peer, socklen_t *peer_length) {
  *peer_length = sizeof *peer;
  return cgnet_beyond_standard(
    accept4(fd, (struct sockaddr *)peer, peer_length, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

// Receiving and sending bypass the C library: its recv and send are cancellation points. In a program with several
// threads, entering and leaving one takes more instructions in user mode than the rest of the call, and a loop's thread
// is never cancelled. Sanitizers intercept the calls of the C library to see which memory is written, so builds with a
// sanitizer use the C library.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define CGNET_BY_NAME
#endif
#endif

#if defined(CGNET_BY_NAME) || !defined(SYS_recvfrom) || !defined(SYS_sendto)

ssize_t cgnet_receive(int fd, void *buffer, size_t capacity) {
  ssize_t count = recv(fd, buffer, capacity, 0);
  return count < 0 ? -errno : count;
}

ssize_t cgnet_send(int fd, const void *bytes, size_t count) {
  ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
  return sent < 0 ? -errno : sent;
}

#else

ssize_t cgnet_receive(int fd, void *buffer, size_t capacity) {
  return kernel_call(SYS_recvfrom, fd, (long)buffer, (long)capacity, 0);
}

ssize_t cgnet_send(int fd, const void *bytes, size_t count) {
  return kernel_call(SYS_sendto, fd, (long)bytes, (long)count, MSG_NOSIGNAL);
}

#endif

ssize_t cgnet_send_two(int fd, const void *first, size_t first_count, const void *second, size_t second_count) {
  struct iovec segments[2] = {{(void *)first, first_count}, {(void *)second, second_count}};
  struct msghdr message = {.msg_iov = segments, .msg_iovlen = 2};
  ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
  return sent < 0 ? -errno : sent;
}

static int report_local(int fd, int family) {
  int on = 1;
  // Also for an IPv6 socket with IPv4 peers: IP_PKTINFO reports a local address that is valid as a source address,
  // IPV6_RECVPKTINFO the destination of the packet, possibly a broadcast address.
  if (setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) != 0) return -errno;
  return family == AF_INET6 ? result(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)) : 0;
}

// Sets an option of TCP to a value, or to the kernel's limit for it.
static int set_limited(int fd, int option, int value, int limit) {
  if (value > limit) value = limit;
  return result(setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value));
}

static int set_keep_alive(int fd, int seconds) {
  int on = seconds > 0;
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0) return -errno;
  return on ? set_limited(fd, TCP_KEEPIDLE, seconds, 32767) : 0;
}

static int receive_merged(int fd, int on) {
  setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);  // kernels before 5.0 receive datagrams one by one
  return 0;
}

int cgnet_set_option(int fd, enum cgnet_option option, int value) {
  switch (option) {
    case CGNET_KEEP_ALIVE: return set_keep_alive(fd, value);
    case CGNET_KEEP_INTERVAL: return set_limited(fd, TCP_KEEPINTVL, value, 32767);
    case CGNET_KEEP_PROBES: return set_limited(fd, TCP_KEEPCNT, value, 127);
    case CGNET_USER_TIMEOUT:
      return result(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof value));
    case CGNET_SHARE_PORT: return result(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, sizeof value));
    case CGNET_BIND_ADDRESS_ONLY:  // a hint: without it bind chooses the port
      (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &value, sizeof value);
      return 0;
    case CGNET_REPORT_LOCAL: return report_local(fd, value);
    case CGNET_RECEIVE_MERGED: return receive_merged(fd, value);
    default: return cgnet_set_common_option(fd, option, value);
  }
}

// A buffer for the control data (cmsg(3)) of one message.
union control {
  struct cmsghdr header;  // for its alignment
  char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

// Stores the control data of a received message in `datagrams`.
static void take_control(struct msghdr *message, struct cgnet_datagrams *datagrams) {
  struct cgnet_local local = {0};
  datagrams->segment = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(header), sizeof info);
      local.address.s6_addr[10] = local.address.s6_addr[11] = 0xff;
      memcpy(&local.address.s6_addr[12], &info.ipi_spec_dst, sizeof info.ipi_spec_dst);
    } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, CMSG_DATA(header), sizeof info);
      if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr) || IN6_IS_ADDR_V4MAPPED(&info.ipi6_addr)) continue;
      local.address = info.ipi6_addr;
      if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) local.scope = info.ipi6_ifindex;
    } else if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO) {
      int segment;
      memcpy(&segment, CMSG_DATA(header), sizeof segment);
      datagrams->segment = (size_t)segment;
    }
  }
  datagrams->ends.local = local;
}

// Adds an item to the control data of a message.
static void add_control(struct msghdr *message, int level, int type, const void *value, size_t size) {
  struct cmsghdr *header = (struct cmsghdr *)((char *)message->msg_control + message->msg_controllen);
  *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(size), .cmsg_level = level, .cmsg_type = type};
  memcpy(CMSG_DATA(header), value, size);
  message->msg_controllen += CMSG_SPACE(size);
}

// Sets the source address of a message.
static void send_from(struct msghdr *message, const struct cgnet_local *local) {
  if (IN6_IS_ADDR_V4MAPPED(&local->address)) {
    struct in_pktinfo info = {0};
    memcpy(&info.ipi_spec_dst, &local->address.s6_addr[12], sizeof info.ipi_spec_dst);
    add_control(message, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
  } else {
    struct in6_pktinfo info = {.ipi6_addr = local->address, .ipi6_ifindex = local->scope};
    add_control(message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
  }
}

bool cgnet_can_segment(int fd) {
  int segment;
  socklen_t size = sizeof segment;
  return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &size) == 0;
}

// Message headers are filled in once. Each receive restores only the fields that the kernel has overwritten.
struct cgnet_buffers {
  struct mmsghdr messages[CGNET_DATAGRAM_BATCH];
  struct iovec segments[CGNET_DATAGRAM_BATCH];
  union control controls[CGNET_DATAGRAM_BATCH];
  struct cgnet_datagrams datagrams[CGNET_DATAGRAM_BATCH];
};

static void empty(struct cgnet_buffers *buffers, int i) {
  buffers->messages[i].msg_hdr.msg_namelen = sizeof buffers->datagrams[i].ends.peer;
  buffers->messages[i].msg_hdr.msg_controllen = sizeof buffers->controls[i];
}

struct cgnet_buffers *cgnet_make_buffers(void) {
  struct cgnet_buffers *buffers = calloc(1, sizeof *buffers);
  char *bytes = malloc((size_t)CGNET_DATAGRAM_BATCH * CGNET_MESSAGE_CAPACITY);
  if (buffers == NULL || bytes == NULL) abort();
  for (int i = 0; i < CGNET_DATAGRAM_BATCH; i++) {
    struct cgnet_datagrams *datagrams = &buffers->datagrams[i];
    datagrams->bytes = bytes + (size_t)i * CGNET_MESSAGE_CAPACITY;
    buffers->segments[i] = (struct iovec){(void *)datagrams->bytes, CGNET_MESSAGE_CAPACITY};
    buffers->messages[i].msg_hdr = (struct msghdr){
      .msg_name = &datagrams->ends.peer, .msg_iov = &buffers->segments[i], .msg_iovlen = 1,
      .msg_control = &buffers->controls[i]};
    empty(buffers, i);
  }
  return buffers;
}

void cgnet_free_buffers(struct cgnet_buffers *buffers) {
  free((void *)buffers->datagrams[0].bytes);
  free(buffers);
}

const struct cgnet_datagrams *cgnet_received(const struct cgnet_buffers *buffers) { return buffers->datagrams; }

int cgnet_receive_datagrams(int fd, struct cgnet_buffers *buffers) {
  int received = result(recvmmsg(fd, buffers->messages, CGNET_DATAGRAM_BATCH, MSG_DONTWAIT, NULL));
  for (int i = 0; i < received; i++) {
    struct cgnet_datagrams *datagrams = &buffers->datagrams[i];
    datagrams->byte_count = buffers->messages[i].msg_len;
    datagrams->ends.peer_length = buffers->messages[i].msg_hdr.msg_namelen;
    take_control(&buffers->messages[i].msg_hdr, datagrams);
    empty(buffers, i);
  }
  return received;
}

int cgnet_send_datagrams(int fd, const void *bytes, const struct cgnet_run *runs, int count) {
  struct mmsghdr messages[CGNET_DATAGRAM_BATCH];
  struct iovec segments[CGNET_DATAGRAM_BATCH];
  union control controls[CGNET_DATAGRAM_BATCH];
  int batch = count < CGNET_DATAGRAM_BATCH ? count : CGNET_DATAGRAM_BATCH;
  char *next = (char *)bytes;
  for (int i = 0; i < batch; i++) {
    const struct cgnet_run *run = &runs[i];
    segments[i] = (struct iovec){next, run->byte_count};
    next += run->byte_count;
    messages[i] = (struct mmsghdr){.msg_hdr = {
      .msg_name = (void *)&run->ends.peer, .msg_namelen = run->ends.peer_length,  // no name without a length
      .msg_iov = &segments[i], .msg_iovlen = 1, .msg_control = &controls[i]}};
    struct msghdr *message = &messages[i].msg_hdr;
    if (!IN6_IS_ADDR_UNSPECIFIED(&run->ends.local.address)) send_from(message, &run->ends.local);
    if (run->count > 1) add_control(message, IPPROTO_UDP, UDP_SEGMENT, &run->segment, sizeof run->segment);
  }
  return result(sendmmsg(fd, messages, (unsigned)batch, MSG_DONTWAIT | MSG_NOSIGNAL));
}

int cgnet_unacknowledged_count(int fd) {
  int count = 0;
  return ioctl(fd, SIOCOUTQ, &count) == 0 ? count : 0;
}

void cgnet_set_length(struct sockaddr_storage *address, socklen_t length) {
  (void)address;
  (void)length;
}

bool cgnet_share_port_balances(void) { return true; }

bool cgnet_has_abstract_names(void) { return true; }

pid_t cgnet_peer_process(int fd) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 ? credentials.pid : -1;
}

void cgnet_set_thread_name(const char *name) {
  char shortened[16];  // the kernel's limit, with the terminating zero
  strncpy(shortened, name, sizeof shortened - 1);
  shortened[sizeof shortened - 1] = 0;
  pthread_setname_np(pthread_self(), shortened);
}

#endif
