#define _GNU_SOURCE
#include "CTestSupport.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <malloc/malloc.h>

int ctest_pipe(int ends[2]) {
  if (pipe(ends) != 0) return -errno;
  for (int index = 0; index < 2; index++) fcntl(ends[index], F_SETFD, FD_CLOEXEC);
  return 0;
}

size_t ctest_heap_in_use(void) {
  malloc_statistics_t statistics;
  malloc_zone_statistics(NULL, &statistics);
  return statistics.size_in_use;
}
#else
#include <malloc.h>

int ctest_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }

size_t ctest_heap_in_use(void) { return mallinfo2().uordblks; }
#endif

int ctest_open_terminal(char *name, size_t capacity) {
  int fd = posix_openpt(O_RDWR | O_NOCTTY);
  if (fd < 0) return -errno;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (grantpt(fd) == 0 && unlockpt(fd) == 0 && ptsname_r(fd, name, capacity) == 0) return fd;
  int error = errno;
  close(fd);
  return -error;
}

void ctest_resize_terminal(int terminal, int columns, int rows) {
  struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  ioctl(terminal, TIOCSWINSZ, &size);
}

int ctest_spawn(pid_t *id, const struct ctest_program *program) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  if (program->folder) posix_spawn_file_actions_addchdir_np(&actions, program->folder);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (program->terminal) {
    // The first terminal that a session's leader opens controls it.
    flags |= POSIX_SPAWN_SETSID;
    posix_spawn_file_actions_addopen(&actions, 0, program->terminal, O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions, 0, 1);
    posix_spawn_file_actions_adddup2(&actions, 0, 2);
  } else {
    if (program->input < 0) {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    } else {
      posix_spawn_file_actions_adddup2(&actions, program->input, 0);
    }
    posix_spawn_file_actions_adddup2(&actions, program->output, 1);
    posix_spawn_file_actions_adddup2(&actions, program->errors, 2);
  }
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, flags);
  int result = posix_spawn(id, program->arguments[0], &actions, &attributes, program->arguments, program->environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return -result;
}

int ctest_has_ended(pid_t id, int *status) {
  int word;
  if (waitpid(id, &word, WNOHANG) != id) return 0;
  *status = WIFEXITED(word) ? WEXITSTATUS(word) : -WTERMSIG(word);
  return 1;
}

void ctest_kill_and_wait(pid_t id) {
  kill(id, SIGKILL);
  while (waitpid(id, NULL, 0) < 0 && errno == EINTR) continue;
}

void ctest_signal(pid_t id, int number) { kill(id, number); }

void ctest_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

extern char **environ;

char *const *ctest_environment(void) { return environ; }

const char *ctest_image_path(void) {
  Dl_info info;
  return dladdr((const void *)&ctest_image_path, &info) != 0 ? info.dli_fname : "";
}
