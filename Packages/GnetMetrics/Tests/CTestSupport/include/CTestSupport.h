// What tests need of the system and Swift's module of the C library hides.
#pragma once

#include <stddef.h>
#include <sys/types.h>

/// A pipe whose ends go to no child. Corresponds to pipe2(2).
int ctest_pipe(int ends[2]);

/// Opens a pseudo-terminal and writes the name of its other side to `name`; the descriptor, or -1 with errno.
int ctest_open_terminal(char *name, size_t room);

/// Starts a program in a folder, with no signal blocked or ignored; 0 or an errno.
///
/// With a `terminal`, the program leads a session that it controls, and it is all three standard streams; without,
/// input is empty, and `output` and `errors` are the other two.
int ctest_spawn(pid_t *id, const char *folder, const char *terminal, int output, int errors, char *const *arguments,
                char *const *environment);

/// The number of bytes in use on the heap.
size_t ctest_heap_in_use(void);
