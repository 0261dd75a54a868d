#include "CGnet.h"

#include <signal.h>
#include <stdlib.h>

struct start {
  void (*body)(void *);
  void *argument;
};

static void *run(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  start.body(start.argument);
  return NULL;
}

// Signals of a thread's own instructions are left out: while they are blocked, no handler could print a backtrace.
static sigset_t signals_of_others(void) {
  sigset_t signals;
  sigfillset(&signals);
  static const int own[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) sigdelset(&signals, own[i]);
  return signals;
}

int cgnet_start_thread(cgnet_thread *thread, void (*body)(void *), void *argument) {
  struct start *start = malloc(sizeof *start);
  if (start == NULL) abort();  // as Swift does when memory runs out
  *start = (struct start){body, argument};
  // A thread inherits the signal mask of its creator.
  sigset_t blocked = signals_of_others(), before;
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  pthread_t created;
  int error = pthread_create(&created, NULL, run, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error == 0) {
    *thread = (cgnet_thread)created;
  } else {
    free(start);
  }
  return -error;
}

void cgnet_join_thread(cgnet_thread thread) { pthread_join((pthread_t)thread, NULL); }

void cgnet_detach_thread(cgnet_thread thread) { pthread_detach((pthread_t)thread); }

bool cgnet_is_current_thread(cgnet_thread thread) { return pthread_equal((pthread_t)thread, pthread_self()) != 0; }

static _Thread_local void *loop;

void *cgnet_current_loop(void) { return loop; }

void cgnet_set_current_loop(void *current) { loop = current; }
