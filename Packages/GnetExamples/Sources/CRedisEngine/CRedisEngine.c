#include "CRedisEngine.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/// Reads a number that takes up the whole text; false if there is none.
static bool read_number(const char *text, size_t length, long double *number) {
  char copy[CREDIS_NUMBER_CAPACITY];
  if (length == 0 || length >= sizeof copy || isspace((unsigned char)text[0])) return false;
  memcpy(copy, text, length);
  copy[length] = '\0';
  char *end;
  errno = 0;
  *number = strtold(copy, &end);
  if ((size_t)(end - copy) != length || isnan(*number)) return false;
  return errno != ERANGE || !(isinf(*number) || fpclassify(*number) == FP_ZERO);
}

enum credis_sum credis_add(
    const char *left, size_t left_length, const char *right, size_t right_length, char text[CREDIS_NUMBER_CAPACITY],
    size_t *length) {
  long double first, second;
  if (!read_number(left, left_length, &first) || !read_number(right, right_length, &second)) return CREDIS_NOT_A_NUMBER;
  long double sum = first + second;
  if (isnan(sum) || isinf(sum)) return CREDIS_NOT_FINITE;
  size_t count = (size_t)snprintf(text, CREDIS_NUMBER_CAPACITY, "%.17Lf", sum);
  while (text[count - 1] == '0') count--;
  if (text[count - 1] == '.') count--;
  // A sum that is rounded to zero has no sign.
  if (count == 2 && memcmp(text, "-0", 2) == 0) {
    text[0] = '0';
    count = 1;
  }
  *length = count;
  return CREDIS_SUM;
}

bool credis_read_double(const char *text, double *number, size_t *length) {
  char *end;
  errno = 0;
  *number = strtod(text, &end);
  *length = (size_t)(end - text);
  return errno == ERANGE;
}

void credis_processor_seconds(double *user, double *system) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  *user = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
  *system = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

#if defined(__GLIBC__)
#include <malloc.h>

size_t credis_allocated(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}
#elif defined(__APPLE__)
#include <malloc/malloc.h>

size_t credis_allocated(void) {
  malloc_statistics_t statistics;
  malloc_zone_statistics(NULL, &statistics);
  return statistics.size_in_use;
}
#else
size_t credis_allocated(void) { return 0; }
#endif
