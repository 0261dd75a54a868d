// Declarations from the headers of macOS and the BSDs, only as far as the files for these systems use them.
// ci/platforms type-checks those files on any system with them. Not for running.
#ifndef POSIX_STUBS_H
#define POSIX_STUBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef long ssize_t;
typedef int pid_t;
typedef uint32_t socklen_t;
typedef uint8_t sa_family_t;
typedef long time_t;
typedef unsigned int mode_t;

struct timespec {
  time_t tv_sec;
  long tv_nsec;
};
typedef int clockid_t;
#define CLOCK_MONOTONIC 4
struct timeval {
  time_t tv_sec;
  int tv_usec;
};
int clock_gettime(clockid_t, struct timespec *);
int nanosleep(const struct timespec *, struct timespec *);

int *errno_location(void);
#define errno (*errno_location())
#define EINTR 4
#define EAGAIN 35
#define EWOULDBLOCK EAGAIN
#define EINVAL 22
#define EPROTOTYPE 41
#define EPROTO 92

#define F_GETFD 1
#define F_GETFL 3
#define F_SETFL 4
#define F_SETFD 2
#if defined(__APPLE__)
#define F_DUPFD_CLOEXEC 67
#elif defined(__FreeBSD__)
#define F_DUPFD_CLOEXEC 17
#elif defined(__NetBSD__)
#define F_DUPFD_CLOEXEC 12
#else
#define F_DUPFD_CLOEXEC 10
#endif
#define FD_CLOEXEC 1
#define STDERR_FILENO 2
#define O_RDONLY 0
#define O_NONBLOCK 4
#define O_DIRECTORY 0x20000
#define O_CLOEXEC 0x100000
int open(const char *, int, ...);
#if !defined(LONG_MAX)
#define LONG_MAX __LONG_MAX__
#endif
typedef uint64_t rlim_t;
struct rlimit {
  rlim_t rlim_cur;
  rlim_t rlim_max;
};
#define RLIMIT_NOFILE 8
int getrlimit(int, struct rlimit *);
#define LOCK_EX 2
#define LOCK_NB 4
int flock(int, int);
int fcntl(int, int, ...);
int close(int);
struct stat {
  uint64_t st_dev;
  uint64_t st_ino;
  mode_t st_mode;
};
#define S_ISSOCK(mode) (((mode) & 0170000) == 0140000)
int lstat(const char *, struct stat *);
int chmod(const char *, mode_t);
int unlink(const char *);
char *getcwd(char *, size_t);
int ioctl(int, unsigned long, ...);
#define _SC_NPROCESSORS_ONLN 58
long sysconf(int);
int sysctlbyname(const char *, void *, size_t *, void *, size_t);

struct sockaddr {
  uint8_t sa_len;
  sa_family_t sa_family;
  char sa_data[14];
};
struct sockaddr_storage {
  uint8_t ss_len;
  sa_family_t ss_family;
  char ss_data[126];
};
struct in6_addr {
  uint8_t s6_addr[16];
};
struct sockaddr_in6 {
  uint8_t sin6_len;
  sa_family_t sin6_family;
  uint16_t sin6_port;
  uint32_t sin6_flowinfo;
  struct in6_addr sin6_addr;
  uint32_t sin6_scope_id;
};
struct sockaddr_un {
  uint8_t sun_len;
  sa_family_t sun_family;
  char sun_path[104];
};
struct iovec {
  void *iov_base;
  size_t iov_len;
};
struct msghdr {
  void *msg_name;
  socklen_t msg_namelen;
  struct iovec *msg_iov;
  int msg_iovlen;
  void *msg_control;
  socklen_t msg_controllen;
  int msg_flags;
};
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SHUT_WR 1
#define SHUT_RDWR 2
#define AF_UNIX 1
#define AF_INET 2
#if defined(__APPLE__)
#define AF_INET6 30
#elif defined(__FreeBSD__)
#define AF_INET6 28
#else
#define AF_INET6 24
#endif
#define SO_ACCEPTCONN 2
#define SO_SNDTIMEO 0x1005
#define SO_RCVTIMEO 0x1006
#define SCM_RIGHTS 1
struct cmsghdr {
  socklen_t cmsg_len;
  int cmsg_level;
  int cmsg_type;
};
#define CMSG_ALIGN(size) (((size) + 7) & ~(size_t)7)
#define CMSG_DATA(header) ((unsigned char *)(header) + CMSG_ALIGN(sizeof(struct cmsghdr)))
#define CMSG_LEN(size) (CMSG_ALIGN(sizeof(struct cmsghdr)) + (size))
#define CMSG_SPACE(size) (CMSG_ALIGN(sizeof(struct cmsghdr)) + CMSG_ALIGN(size))
#define CMSG_FIRSTHDR(message) ((struct cmsghdr *)(message)->msg_control)
struct cmsghdr *CMSG_NXTHDR(struct msghdr *, struct cmsghdr *);
#define SOL_SOCKET 0xffff
#define SO_REUSEADDR 4
#define SO_KEEPALIVE 8
#define SO_REUSEPORT 0x200
#define SO_SNDBUF 0x1001
#define SO_RCVBUF 0x1002
#define SO_ERROR 0x1007
#define SO_LINGER 0x80
struct linger {
  int l_onoff;
  int l_linger;
};
#define SO_TYPE 0x1008
#define IPPROTO_TCP 6
#define TCP_NODELAY 1
#define IPPROTO_IPV6 41
#define IPV6_V6ONLY 27
#define FIONREAD 0x4004667f
#define MSG_TRUNC 0x10
#define MSG_WAITALL 0x40
#if !defined(__APPLE__)
#define MSG_CMSG_CLOEXEC 0x40000
#endif
#define MSG_DONTWAIT 0x80
#if defined(__APPLE__)
#define SO_NOSIGPIPE 0x1022
#define SO_NWRITE 0x1024
#define SOL_LOCAL 0
#define LOCAL_PEERPID 2
#define TCP_KEEPALIVE 0x10
#define TCP_KEEPINTVL 0x101
#define TCP_KEEPCNT 0x102
#define TCP_RXT_CONNDROPTIME 0x80
#elif defined(__FreeBSD__)
#define SOL_LOCAL 0
#define LOCAL_PEERCRED 1
struct xucred {
  unsigned cr_version;
  uint32_t cr_uid;
  short cr_ngroups;
  uint32_t cr_groups[16];
  union {
    void *_cr_unused1;
    pid_t cr_pid;
  };
};
#define SO_NOSIGPIPE 0x800
#define SO_REUSEPORT_LB 0x10000
#define FIONWRITE 0x40046677
#define MSG_NOSIGNAL 0x20000
#define TCP_KEEPIDLE 256
#define TCP_KEEPINTVL 512
#define TCP_KEEPCNT 1024
#define TCP_MAXUNACKTIME 68
#elif defined(__NetBSD__)
#define LOCAL_PEEREID 3
struct unpcbid {
  pid_t unp_pid;
  uint32_t unp_euid;
  uint32_t unp_egid;
};
#define SO_NOSIGPIPE 0x800
#define MSG_NOSIGNAL 0x400
#define TCP_KEEPIDLE 3
#define TCP_KEEPINTVL 5
#define TCP_KEEPCNT 6
#else
#define SO_PEERCRED 0x1022
struct sockpeercred {
  uint32_t uid;
  uint32_t gid;
  pid_t pid;
};
#define MSG_NOSIGNAL 0x400
#endif
int socket(int, int, int);
int socketpair(int, int, int, int *);
int bind(int, const struct sockaddr *, socklen_t);
int listen(int, int);
int connect(int, const struct sockaddr *, socklen_t);
int shutdown(int, int);
int getsockname(int, struct sockaddr *, socklen_t *);
int getpeername(int, struct sockaddr *, socklen_t *);
int accept(int, struct sockaddr *, socklen_t *);
int setsockopt(int, int, int, const void *, socklen_t);
int getsockopt(int, int, int, void *, socklen_t *);
ssize_t send(int, const void *, size_t, int);
ssize_t sendmsg(int, const struct msghdr *, int);
ssize_t sendto(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
ssize_t recv(int, void *, size_t, int);
ssize_t recvmsg(int, struct msghdr *, int);

typedef struct opaque_thread *pthread_t;
typedef struct opaque_attributes pthread_attr_t;
typedef uint32_t sigset_t;
#define SIG_SETMASK 3
int sigemptyset(sigset_t *);
int sigfillset(sigset_t *);
int sigdelset(sigset_t *, int);
int kill(pid_t, int);
#define SIGKILL 9
#define SIGTERM 15
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGFPE 8
#define SIGBUS 10
#define SIGSEGV 11
#define SIGSYS 12
int pthread_sigmask(int, const sigset_t *, sigset_t *);
int pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int pthread_join(pthread_t, void **);
int pthread_detach(pthread_t);
int pthread_equal(pthread_t, pthread_t);
pthread_t pthread_self(void);
#if defined(__APPLE__)
int pthread_setname_np(const char *);
#elif defined(__NetBSD__)
int pthread_setname_np(pthread_t, const char *, void *);
#else
void pthread_set_name_np(pthread_t, const char *);
#endif

pid_t getpid(void);
#define WNOHANG 1
#define WIFEXITED(status) (((status) & 0177) == 0)
#define WEXITSTATUS(status) (((status) >> 8) & 0xff)
#define WTERMSIG(status) ((status) & 0177)
pid_t waitpid(pid_t, int *, int);
struct pollfd {
  int fd;
  short events;
  short revents;
};
#define POLLIN 1
int poll(struct pollfd *, unsigned, int);
typedef struct opaque_spawn_attributes *posix_spawnattr_t;
typedef struct opaque_spawn_actions *posix_spawn_file_actions_t;
#define POSIX_SPAWN_SETSIGMASK 0x8
int posix_spawnattr_init(posix_spawnattr_t *);
int posix_spawnattr_destroy(posix_spawnattr_t *);
int posix_spawnattr_setflags(posix_spawnattr_t *, short);
int posix_spawnattr_setsigmask(posix_spawnattr_t *, const sigset_t *);
int posix_spawn_file_actions_init(posix_spawn_file_actions_t *);
int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *);
int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *, int, int);
#if defined(__APPLE__)
#define POSIX_SPAWN_CLOEXEC_DEFAULT 0x4000
int posix_spawn_file_actions_addinherit_np(posix_spawn_file_actions_t *, int);
#elif defined(__FreeBSD__)
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
#endif
int posix_spawnp(
  pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *, char *const *);

void *calloc(size_t, size_t);
void *malloc(size_t);
void free(void *);
void abort(void) __attribute__((noreturn));
int memcmp(const void *, const void *, size_t);
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);

#if defined(__NetBSD__)
struct kevent {
  uintptr_t ident;
  uint32_t filter;
  uint32_t flags;
  uint32_t fflags;
  int64_t data;
  void *udata;
};
int kevent(int, const struct kevent *, size_t, struct kevent *, size_t, const struct timespec *);
#else
struct kevent {
  uintptr_t ident;
  int16_t filter;
  uint16_t flags;
  uint32_t fflags;
  intptr_t data;
  void *udata;
};
int kevent(int, const struct kevent *, int, struct kevent *, int, const struct timespec *);
#endif
int kqueue(void);
#if defined(__NetBSD__)
#define EVFILT_READ 0U
#define EVFILT_WRITE 1U
#define EVFILT_USER 8U
#else
#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_USER (-10)
#endif
#define EV_ADD 0x1
#define EV_DELETE 0x2
#define EV_ENABLE 0x4
#define EV_DISABLE 0x8
#define EV_ONESHOT 0x10
#define EV_CLEAR 0x20
#define EV_RECEIPT 0x40
#define EV_DISPATCH 0x80
#define EV_ERROR 0x4000
#define EV_EOF 0x8000
#define NOTE_TRIGGER 0x01000000

#endif
