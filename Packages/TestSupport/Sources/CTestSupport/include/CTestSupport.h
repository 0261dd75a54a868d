// Calls that tests need and that Swift's module of the C library hides, calls on sockets, and the start of programs.
//
// A function that can fail returns the negated errno. Swift would read `errno` too late: code that runs between the
// failed call and the reading may change it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/// A pipe whose ends go to no child; 0 or a negated errno. Corresponds to pipe2(2).
int ctest_pipe(int ends[2]);

/// Opens a socket that goes to no child; the descriptor, or a negated errno. Corresponds to socket(2).
int ctest_socket(int family, bool is_datagram);

/// Gives a socket a local address; 0 or a negated errno. Corresponds to bind(2).
int ctest_bind(int fd, const struct sockaddr *name, socklen_t length);

/// Connects a socket; 0 or a negated errno. Corresponds to connect(2).
int ctest_connect(int fd, const struct sockaddr *name, socklen_t length);

/// Sends without a signal for a broken connection; the number of bytes, or a negated errno. Corresponds to send(2).
ssize_t ctest_send(int fd, const void *bytes, size_t count);

/// Receives; the number of bytes, or a negated errno. Corresponds to recv(2).
ssize_t ctest_receive(int fd, void *bytes, size_t capacity);

/// Sets an option of a socket; 0 or a negated errno. Corresponds to setsockopt(2).
int ctest_set_option(int fd, int level, int name, int value);

/// Duplicates a descriptor, for no child, as the first free number from `first` on; the new descriptor, or a negated
/// errno. Corresponds to fcntl(2) with F_DUPFD_CLOEXEC.
int ctest_duplicate(int fd, int first);

/// Opens a pseudo-terminal and writes the name of its other side to `name`; the descriptor, or a negated errno.
int ctest_open_terminal(char *name, size_t capacity);

/// Gives a terminal a size, of which the program in its foreground is told.
void ctest_resize_terminal(int terminal, int columns, int rows);

/// The start of a program.
struct ctest_program {
  /// The program's folder; null for that of this process.
  const char *folder;
  /// The terminal that is all three standard streams; null for none.
  const char *terminal;
  /// The standard streams where there is no terminal; an input of -1 is empty.
  int input, output, errors;
  char *const *arguments;
  char *const *environment;
};

/// Starts a program, with no signal blocked or ignored; 0 or a negated errno.
///
/// With a terminal, the program leads a session that the terminal controls.
int ctest_spawn(pid_t *id, const struct ctest_program *program);

/// Waits for a program without blocking. Returns whether it has ended, with its exit code, or the number of the signal
/// that ended it below zero.
int ctest_has_ended(pid_t id, int *status);

/// Ends a program at once and waits for it.
void ctest_kill_and_wait(pid_t id);

/// Sends a signal to a program.
void ctest_signal(pid_t id, int number);

/// Makes writing to a pipe that nobody reads an error instead of a signal, for the whole process.
void ctest_ignore_broken_pipes(void);

/// The variables of the environment; the last is null.
char *const *ctest_environment(void);

/// The path of the file that the tests are in.
const char *ctest_image_path(void);

/// The number of bytes in use on the heap.
size_t ctest_heap_in_use(void);
