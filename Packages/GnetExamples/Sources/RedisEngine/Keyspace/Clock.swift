#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// What time it is.
enum Clock {
  /// Milliseconds since 1970.
  static var milliseconds: Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }

  static var seconds: Int { milliseconds / 1000 }
}
