#ifndef CFUZZ_H
#define CFUZZ_H

#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with the arguments of a program. Source: https://llvm.org/docs/LibFuzzer.html
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *bytes, size_t count));

/// The earliest error in OpenSSL's queue of this thread; 0 if there is none.
unsigned long ERR_peek_error(void);

#endif
