// The pipe by which a handler of signals wakes a program. A function that can fail returns the negated errno: Swift would
// read `errno` too late.
#pragma once

/// A pipe whose ends are passed on to no other program, and whose writing end does not block; 0 or a negated errno.
///
/// The ends are none of the descriptors 0 to 2, which stay the standard streams' even where those are closed.
/// Corresponds to pipe(2), and to fcntl(2) with F_DUPFD_CLOEXEC.
int cmetrics_pipe(int ends[2]);

/// Writes a byte if there is space, and leaves errno as it was, as the handler of a signal must. Corresponds to write(2).
void cmetrics_write_byte(unsigned char byte, int fd);
