#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// The clocks of the system. Corresponds to `clock_gettime(2)`: no system call where there is a vDSO.
enum Clocks {
  /// Nanoseconds since 1970-01-01 00:00 UTC.
  static var wallTime: UInt64 { read(CLOCK_REALTIME) }

  /// Nanoseconds since some fixed moment, at an even pace.
  static var monotonicTime: UInt64 { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
