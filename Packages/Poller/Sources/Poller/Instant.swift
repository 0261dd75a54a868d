import CPoller

extension Poller {
  /// A moment of the system's monotonic clock, in nanoseconds since a fixed moment of the system's choice.
  ///
  /// The clock is the one that `clock_gettime(2)` calls `CLOCK_MONOTONIC`. It never goes back. Moments are comparable
  /// within one run of the system only.
  public struct Instant: Hashable, Sendable {
    /// The clock's reading in nanoseconds; `Int64.max` stands for a moment that never comes.
    public var nanoseconds: Int64

    /// Creates a moment from the clock's reading in nanoseconds.
    @inlinable
    public init(nanoseconds: Int64) {
      self.nanoseconds = nanoseconds
    }

    /// The present moment.
    ///
    /// Corresponds to `clock_gettime(2)` with `CLOCK_MONOTONIC`, which is not a system call where there is a vDSO.
    public static var now: Instant { Instant(nanoseconds: cpoller_now()) }

    /// A moment later than every other: a wait until it has no time limit.
    @inlinable
    public static var never: Instant { Instant(nanoseconds: .max) }

    /// A duration in nanoseconds, rounded up.
    ///
    /// Rounding up keeps a promise to wait for at least a duration. A negative duration is 0 nanoseconds, and a duration
    /// of more than 292 years is `Int64.max`.
    public static func nanoseconds(of duration: Duration) -> Int64 {
      let (seconds, attoseconds) = duration.components
      if seconds < 0 || attoseconds < 0 { return 0 }
      let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
      let (sum, isSumTooLong) = whole.addingReportingOverflow((attoseconds + 999_999_999) / 1_000_000_000)
      return isTooLong || isSumTooLong ? .max : sum
    }

    /// The time that passes between an earlier moment and this one; negative if the other moment is the later one.
    ///
    /// Exact, also where the distance is more than `Int64.max` nanoseconds.
    public func duration(since earlier: Instant) -> Duration {
      .nanoseconds(nanoseconds) - .nanoseconds(earlier.nanoseconds)
    }
  }
}

extension Poller.Instant: Comparable {
  /// Whether the left moment comes before the right one.
  @inlinable
  public static func < (left: Poller.Instant, right: Poller.Instant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }
}

extension Poller.Instant {
  /// The moment a duration later, rounded up to whole nanoseconds, or ``never`` if the clock cannot show it.
  ///
  /// A negative duration counts as zero; see ``nanoseconds(of:)``. ``never`` plus a duration is ``never``.
  @inlinable
  public static func + (instant: Poller.Instant, duration: Duration) -> Poller.Instant {
    instant.adding(nanoseconds: nanoseconds(of: duration))
  }

  /// The moment a number of nanoseconds later, which is not negative.
  @inlinable
  func adding(nanoseconds: Int64) -> Poller.Instant {
    assert(nanoseconds >= 0)
    let (sum, isTooLate) = self.nanoseconds.addingReportingOverflow(nanoseconds)
    return isTooLate ? .never : Poller.Instant(nanoseconds: sum)
  }

  /// The time that passes from the right moment to the left one; the same as ``duration(since:)``.
  @inlinable
  public static func - (left: Poller.Instant, right: Poller.Instant) -> Duration {
    left.duration(since: right)
  }
}
