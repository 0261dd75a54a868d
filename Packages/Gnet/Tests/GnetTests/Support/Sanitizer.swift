#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Whether the tests run under a sanitizer: memory costs more then, and time too.
let isSanitized: Bool =
  unsafe dlsym(nil, "__tsan_init") != nil || dlsym(nil, "__asan_init") != nil
