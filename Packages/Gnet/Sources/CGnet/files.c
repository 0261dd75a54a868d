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
