// Calls that Swift cannot make as well: the reading of numbers (only errno tells of a failure); arithmetic with
// `long double` (Swift has it on some processors only); the use of processor time and memory (the figures differ between
// systems); a comparison without side effects, as far as the compiler knows.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/// Compares bytes. Corresponds to memcmp(3).
///
/// `pure` lets Swift read arrays around the call without retaining them. Swift may lose that attribute of memcmp(3)
/// itself when code of other modules, which calls memcmp(3) too, is inlined.
__attribute__((pure)) static inline int credis_compare(const void *left, const void *right, size_t count) {
  return count == 0 ? 0 : memcmp(left, right, count);
}

/// The longest text of a number, its zero byte included.
enum { CREDIS_NUMBER_CAPACITY = 5 * 1024 };

/// The outcome of `credis_add`.
enum credis_sum { CREDIS_SUM, CREDIS_NOT_A_NUMBER, CREDIS_NOT_FINITE };

/// Adds two numbers with the precision of `long double`, as INCRBYFLOAT does, and writes the sum to `text`: 17 digits
/// behind the point, without zeros at their end. The numbers are texts of the given lengths, as strtold(3) reads them.
///
/// Corresponds to strtold(3) and snprintf(3).
enum credis_sum credis_add(
    const char *left, size_t left_length, const char *right, size_t right_length, char text[CREDIS_NUMBER_CAPACITY],
    size_t *length);

/// Reads the number at the start of a text, and the length of the text that was read as one. Returns whether the number is
/// too large or too small for `double`. Corresponds to strtod(3).
bool credis_read_double(const char *text, double *number, size_t *length);

/// The processor time of the program in user mode and in the kernel. Corresponds to getrusage(2).
void credis_processor_seconds(double *user, double *system);

/// The bytes that the program has allocated; 0 where the system does not tell.
///
/// Corresponds to mallinfo2(3), or to malloc_zone_statistics(3).
size_t credis_allocated(void);
