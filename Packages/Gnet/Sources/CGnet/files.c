// Calls on files by path, for the files of unix sockets, and the numbers of descriptors.

#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "CGnet.h"
#include "common.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int cgnet_beyond_standard(int fd) {
  if (fd < 0) return -errno;
  if (fd > STDERR_FILENO) return fd;
  int moved = result(fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  close(fd);
  return moved;
}

int cgnet_identify_file(const char *path, struct cgnet_file *file) {
  struct stat status;
  if (lstat(path, &status) != 0) return -errno;
  *file = (struct cgnet_file){(uint64_t)status.st_dev, (uint64_t)status.st_ino, S_ISSOCK(status.st_mode)};
  return 0;
}

int cgnet_working_directory(char *buffer, size_t capacity) { return getcwd(buffer, capacity) == NULL ? -errno : 0; }

int cgnet_change_mode(const char *path, mode_t mode) { return result(chmod(path, mode)); }

int cgnet_remove_file(const char *path) { return result(unlink(path)); }

int cgnet_lock_folder(const char *path) {
  int fd = cgnet_beyond_standard(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd < 0) return fd;
  const struct timespec millisecond = {.tv_nsec = 1000000};
  int locked = result(flock(fd, LOCK_EX | LOCK_NB));
  for (int i = 0; i < 1000 && (locked == -EWOULDBLOCK || locked == -EINTR); i++) {
    nanosleep(&millisecond, NULL);
    locked = result(flock(fd, LOCK_EX | LOCK_NB));
  }
  if (locked == 0) return fd;
  close(fd);
  return locked;
}

long cgnet_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;  // what POSIX systems have at the least by custom
  return limit.rlim_cur > LONG_MAX ? LONG_MAX : (long)limit.rlim_cur;
}
