#include "CTestCertificates.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/// In front of each allocation; as long as the alignment of all of them.
struct header {
  size_t size;
  size_t padding;
};

/// Smaller than the buffer of a record, and larger than all that OpenSSL allocates besides.
enum { BUFFER_SIZE = 16384 };

static long buffer_count;
static long byte_count;

static void *allocate(size_t size, const char *file, int line) {
  (void)file, (void)line;
  struct header *made = malloc(sizeof *made + size);
  if (made == NULL) return NULL;
  made->size = size;
  byte_count += (long)size;
  if (size >= BUFFER_SIZE) buffer_count++;
  return made + 1;
}

static void release(void *memory, const char *file, int line) {
  (void)file, (void)line;
  if (memory == NULL) return;
  struct header *made = (struct header *)memory - 1;
  byte_count -= (long)made->size;
  free(made);
}

static void *reallocate(void *memory, size_t size, const char *file, int line) {
  void *moved = allocate(size, file, line);
  if (moved == NULL || memory == NULL) return moved;
  size_t old = ((struct header *)memory - 1)->size;
  memcpy(moved, memory, old < size ? old : size);
  release(memory, file, line);
  return moved;
}

bool ctest_count_allocations(void) { return CRYPTO_set_mem_functions(allocate, reallocate, release) == 1; }

long ctest_allocated_buffer_count(void) { return buffer_count; }

long ctest_allocated_byte_count(void) { return byte_count; }
