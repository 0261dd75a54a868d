// The processors that this process may use on Linux: those that it may run on, and no more than its control groups grant
// time for. A container with half a processor's time runs one loop, not one for each processor of its host.
// Sources: cgroups(7); Documentation/admin-guide/cgroup-v2.rst, "cpu.max"; Documentation/scheduler/sched-bwc.rst, "cpu.cfs_quota_us".

#if defined(__linux__)

#define _GNU_SOURCE
#include "CGnet.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { path_capacity = 4096, text_capacity = 16384 };

// Reads the beginning of a file as a string.
static bool read_text(char *text, size_t capacity, const char *root, const char *mount, const char *group, const char *name) {
  char path[path_capacity];
  int length = snprintf(path, sizeof path, "%s%s%s/%s", root, mount, group, name);
  if (length < 0 || (size_t)length >= sizeof path) return false;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t count = read(fd, text, capacity - 1);
  close(fd);
  text[count > 0 ? count : 0] = 0;
  return count > 0;
}

// The processors of a quota in each period, rounded up; INT_MAX without a quota.
static int processors(long long quota, long long period) {
  if (quota <= 0 || period <= 0) return INT_MAX;
  long long count = quota / period + (quota % period > 0);
  return count < INT_MAX ? (int)count : INT_MAX;
}

static int quota_v1(const char *root, const char *group) {
  char quota[64], period[64];
  bool is_known = read_text(quota, sizeof quota, root, "/sys/fs/cgroup/cpu", group, "cpu.cfs_quota_us") &&
    read_text(period, sizeof period, root, "/sys/fs/cgroup/cpu", group, "cpu.cfs_period_us");
  return is_known ? processors(atoll(quota), atoll(period)) : INT_MAX;  // -1: no quota
}

static int quota_v2(const char *root, const char *group) {
  char text[128];
  long long quota, period;
  if (!read_text(text, sizeof text, root, "/sys/fs/cgroup", group, "cpu.max")) return INT_MAX;
  return sscanf(text, "%lld %lld", &quota, &period) == 2 ? processors(quota, period) : INT_MAX;  // "max": no quota
}

// The least that a group and the groups around it grant. In a container the path may be the host's, of which only the end
// of the walk exists: the container's own group is mounted as the outermost.
static int least(int (*quota)(const char *, const char *), const char *root, char *group) {
  if (strstr(group, "/..") != NULL) *group = 0;
  int result = INT_MAX;
  for (;;) {
    char *slash = strrchr(group, '/');
    if (slash != NULL && slash[1] == 0) *slash = 0;
    int found = quota(root, group);
    if (found < result) result = found;
    if (*group == 0) return result;
    slash = strrchr(group, '/');
    *(slash != NULL ? slash : group) = 0;
  }
}

static bool lists_cpu(char *controllers) {
  char *rest = controllers, *name;
  while ((name = strsep(&rest, ",")) != NULL) {
    if (strcmp(name, "cpu") == 0) return true;
  }
  return false;
}

int cgnet_processor_quota(const char *root) {
  char text[text_capacity];
  if (!read_text(text, sizeof text, root, "/proc/self", "", "cgroup")) return 0;
  int result = INT_MAX;
  char *rest = text, *line;
  while ((line = strsep(&rest, "\n")) != NULL) {
    // hierarchy:controllers:group; the second version has the hierarchy 0 and no list of controllers.
    char *controllers = strchr(line, ':');
    char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (group == NULL) continue;
    *controllers++ = *group++ = 0;
    int found = strcmp(line, "0") == 0 && *controllers == 0 ? least(quota_v2, root, group)
      : lists_cpu(controllers)                              ? least(quota_v1, root, group)
                                                            : INT_MAX;
    if (found < result) result = found;
  }
  return result == INT_MAX ? 0 : result;
}

static int allowed_processors(void) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0) {
    return CPU_COUNT(&allowed);
  }
  long online = sysconf(_SC_NPROCESSORS_ONLN);  // the machine has more processors than cpu_set_t has bits
  return online > 0 ? (int)online : 1;
}

int cgnet_processor_count(void) {
  int allowed = allowed_processors(), quota = cgnet_processor_quota("");
  return quota > 0 && quota < allowed ? quota : allowed;
}

#endif
