// Shared by the C files of this target.

#ifndef COMMON_H
#define COMMON_H

#include "CGnet.h"

/// The result of a call that reports failure by -1 and errno: the value, or the negated errno.
static inline int result(int value) { return value < 0 ? -errno : value; }

/// The result of a call that has opened a descriptor, or -1 and errno: a descriptor from 3 on, or the negated errno.
///
/// The system gives the numbers of standard descriptors that are closed to the next descriptors that are opened. A socket
/// with such a number would be sent what the program prints.
int cgnet_beyond_standard(int fd);

/// setsockopt(2) for the options with the same name on all systems.
int cgnet_set_common_option(int fd, enum cgnet_option option, int value);

/// getsockopt(2) with SO_TYPE: 0 for a socket of streams, otherwise a negated errno.
int cgnet_check_stream(int fd);

#endif
