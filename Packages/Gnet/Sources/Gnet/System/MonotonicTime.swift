#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// A reading of the system's monotonic clock, in nanoseconds since some fixed moment.
struct MonotonicTime: Comparable, Sendable {
  var nanoseconds: Int64

  /// Corresponds to `clock_gettime(2)` with `CLOCK_MONOTONIC`: no system call where there is a vDSO.
  static var now: MonotonicTime {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// A moment that does not come.
  static let never = MonotonicTime(nanoseconds: .max)

  static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

  /// The moment `duration` later; the end of time where that would be past it.
  static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
    let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.saturatedNanoseconds)
    return MonotonicTime(nanoseconds: overflow ? .max : sum)
  }
}

extension Duration {
  /// Whole nanoseconds, at least zero and at most `Int64.max` (292 years).
  var saturatedNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflowToo) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflow || overflowToo ? .max : sum
  }
}
