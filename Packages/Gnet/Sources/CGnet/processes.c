// A process that is started to take over from this one, and the channel between the two.

#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "CGnet.h"
#include "common.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

char *const *cgnet_environment(void) { return environ; }

pid_t cgnet_process(void) { return getpid(); }

// MARK: The channel

// Received descriptors are closed on exec at once where the system can do that.
#if defined(MSG_CMSG_CLOEXEC)
enum { receive_flags = MSG_CMSG_CLOEXEC | MSG_WAITALL };
#else
enum { receive_flags = MSG_WAITALL };
#endif

// macOS has no MSG_NOSIGNAL: a program that hands over has to ignore SIGPIPE there.
#if defined(MSG_NOSIGNAL)
enum { channel_flags = MSG_NOSIGNAL };
#else
enum { channel_flags = 0 };
#endif

int cgnet_open_channel(int ends[2]) {
  int opened[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, opened) != 0) return -errno;
  for (int i = 0; i < 2; i++) {
    ends[i] = cgnet_beyond_standard(opened[i]);
    if (ends[i] >= 0 && fcntl(ends[i], F_SETFD, FD_CLOEXEC) == 0) continue;
    int error = ends[i] < 0 ? ends[i] : -errno;
    if (ends[i] >= 0) close(ends[i]);
    close(i == 0 ? opened[1] : ends[0]);
    return error;
  }
  return 0;
}

int cgnet_adopt_channel(int fd) { return result(fcntl(fd, F_SETFD, FD_CLOEXEC)); }

int cgnet_set_patience(int fd, int milliseconds) {
  struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) return -errno;
  return result(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
}

// The length of a message, and the control data that carries its descriptors.
struct prefix {
  uint32_t byte_count;
  uint32_t fd_count;
};

union descriptors {
  struct cmsghdr header;  // for its alignment
  char bytes[CMSG_SPACE(CGNET_MESSAGE_DESCRIPTORS * sizeof(int))];
};

int cgnet_send_message(int fd, const void *bytes, size_t count, const int *fds, int fd_count) {
  struct prefix prefix = {(uint32_t)count, (uint32_t)fd_count};
  struct iovec parts[2] = {{&prefix, sizeof prefix}, {(void *)bytes, count}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  union descriptors control = {{0}};
  if (fd_count > 0) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE((size_t)fd_count * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((size_t)fd_count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, (size_t)fd_count * sizeof(int));
  }
  ssize_t sent;
  do { sent = sendmsg(fd, &message, channel_flags); } while (sent < 0 && errno == EINTR);
  if (sent < 0) return -errno;
  // The socket's time is over in the middle of a message.
  return (size_t)sent == sizeof prefix + count ? 0 : -EAGAIN;
}

// Takes the descriptors of a message. Returns their number.
static int take_descriptors(struct msghdr *message, int *fds) {
  int taken = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds + taken, CMSG_DATA(header), (size_t)count * sizeof(int));
    for (int i = taken; i < taken + count; i++) fcntl(fds[i], F_SETFD, FD_CLOEXEC);
    taken += count;
  }
  return taken;
}

ssize_t cgnet_receive_message(int fd, void *bytes, size_t capacity, int *fds, int *fd_count) {
  struct prefix prefix;
  struct iovec part = {&prefix, sizeof prefix};
  union descriptors control;
  struct msghdr message = {
    .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t received;
  do { received = recvmsg(fd, &message, receive_flags); } while (received < 0 && errno == EINTR);
  if (received < 0) return -errno;
  *fd_count = take_descriptors(&message, fds);
  size_t count = (size_t)received == sizeof prefix ? prefix.byte_count : 0;
  bool is_whole = (size_t)received == sizeof prefix && prefix.fd_count == (uint32_t)*fd_count && count <= capacity;
  if (is_whole && count > 0) {
    do { received = recv(fd, bytes, count, MSG_WAITALL); } while (received < 0 && errno == EINTR);
    is_whole = (size_t)received == count;
  }
  if (is_whole) return (ssize_t)count;
  for (int i = 0; i < *fd_count; i++) close(fds[i]);
  return -EPROTO;
}

int cgnet_wait_readable(int fd, int milliseconds) {
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  return result(poll(&entry, 1, milliseconds));
}

void cgnet_end_channel(int fd) { shutdown(fd, SHUT_RDWR); }

// MARK: The process

// Has all descriptors from a number on closed in the process to be started. glibc 2.34 and FreeBSD can do that, and macOS by
// an attribute. Elsewhere this process's descriptors are marked to be closed.
#if defined(__FreeBSD__)
#define CAN_CLOSE_FROM
#elif defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 34)
#define CAN_CLOSE_FROM
#endif
#endif

#if defined(CAN_CLOSE_FROM)

static int close_from(int first, posix_spawn_file_actions_t *actions, short *flags) {
  (void)flags;
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

#elif defined(__APPLE__)

static int close_from(int first, posix_spawn_file_actions_t *actions, short *flags) {
  *flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
  for (int fd = 0; fd < first; fd++) {
    if (fcntl(fd, F_GETFD) < 0) continue;
    int error = posix_spawn_file_actions_addinherit_np(actions, fd);
    if (error != 0) return error;
  }
  return 0;
}

#else

static int close_from(int first, posix_spawn_file_actions_t *actions, short *flags) {
  (void)actions;
  (void)flags;
  long limit = cgnet_descriptor_limit();
  for (int fd = first; fd < limit; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return 0;
}

#endif

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int channel) {
  short flags = POSIX_SPAWN_SETSIGMASK;
  sigset_t none;
  sigemptyset(&none);
  int error = posix_spawnattr_setsigmask(attributes, &none);
  if (error == 0) error = posix_spawn_file_actions_adddup2(actions, channel, CGNET_CHANNEL);
  if (error == 0) error = close_from(CGNET_CHANNEL + 1, actions, &flags);
  return error != 0 ? error : posix_spawnattr_setflags(attributes, flags);
}

pid_t cgnet_spawn(const char *program, char *const *arguments, char *const *environment, int channel) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error != 0) return -error;
  error = posix_spawnattr_init(&attributes);
  if (error == 0) {
    pid_t process = 0;
    error = prepare(&actions, &attributes, channel);
    if (error == 0) error = posix_spawnp(&process, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? process : -error;
  }
  posix_spawn_file_actions_destroy(&actions);
  return -error;
}

int cgnet_end_process(pid_t process, int number, int milliseconds) {
  const struct timespec millisecond = {.tv_nsec = 1000000};
  int status = 0;
  if (number != 0) kill(process, number);
  pid_t ended = waitpid(process, &status, WNOHANG);
  for (int i = 0; i < milliseconds && ended == 0; i++) {
    nanosleep(&millisecond, NULL);
    ended = waitpid(process, &status, WNOHANG);
  }
  if (ended == 0) {
    kill(process, SIGKILL);
    do { ended = waitpid(process, &status, 0); } while (ended < 0 && errno == EINTR);
  }
  if (ended < 0) return 0;  // the program ignores the ends of its children
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
