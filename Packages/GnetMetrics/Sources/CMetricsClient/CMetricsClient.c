#include "CMetricsClient.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/// Moves both ends behind the standard streams. Returns 0 or a negated errno.
static int duplicate_both(const int ends[2], int copies[2]) {
  copies[0] = fcntl(ends[0], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (copies[0] < 0) return -errno;
  copies[1] = fcntl(ends[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (copies[1] >= 0) return 0;
  int error = errno;
  close(copies[0]);
  return -error;
}

int cmetrics_pipe(int ends[2]) {
  int originals[2];
  if (pipe(originals) != 0) return -errno;
  fcntl(originals[1], F_SETFL, O_NONBLOCK);
  int result = duplicate_both(originals, ends);
  close(originals[0]);
  close(originals[1]);
  return result;
}

void cmetrics_write_byte(unsigned char byte, int fd) {
  int before = errno;
  // A full pipe has enough bytes to wake the reader.
  ssize_t written = write(fd, &byte, 1);
  (void)written;
  errno = before;
}
