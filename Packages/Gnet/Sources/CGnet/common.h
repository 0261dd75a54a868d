// Shared by the C files of this target.

#ifndef COMMON_H
#define COMMON_H

#include "CGnet.h"

/// The result of a call that reports failure by -1 and errno, with the errno negated.
static inline int result(int value) { return value < 0 ? -errno : value; }

/// setsockopt(2) for the options that all systems spell alike.
int cgnet_set_common_option(int fd, enum cgnet_option option, int value);

#endif
