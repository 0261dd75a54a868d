// Direct system calls on Linux, without the C library. The kernel returns the result or the negated errno.
// Sources: syscall(2), "Architecture calling conventions"; the psABI of x86-64, appendix A.2.1.

#ifndef KERNEL_CALL_H
#define KERNEL_CALL_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Makes a system call with four arguments; the fifth and the sixth are zero.
#if defined(__x86_64__) && !defined(__ILP32__)
static inline long kernel_call(long number, long first, long second, long third, long fourth) {
  register long r10 __asm__("r10") = fourth;
  register long r8 __asm__("r8") = 0;
  register long r9 __asm__("r9") = 0;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(first), "S"(second), "d"(third), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
static inline long kernel_call(long number, long first, long second, long third, long fourth) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = first;
  register long x1 __asm__("x1") = second;
  register long x2 __asm__("x2") = third;
  register long x3 __asm__("x3") = fourth;
  register long x4 __asm__("x4") = 0;
  register long x5 __asm__("x5") = 0;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}
#else
static inline long kernel_call(long number, long first, long second, long third, long fourth) {
  long result = syscall(number, first, second, third, fourth, 0L, 0L);
  return result < 0 ? -errno : result;
}
#endif

#endif
