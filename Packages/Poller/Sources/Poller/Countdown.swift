import CPoller

/// The time a wait has left, in nanoseconds.
///
/// Kernels forget the time already waited when a signal interrupts them, so the end is remembered as a point of
/// time. The clock is read only for a wait with a time limit other than zero.
struct Countdown {
  /// What is left; negative without a limit, zero for a wait that must not block.
  private(set) var remaining: Int64

  /// When `remaining` runs out; meaningless unless it is positive.
  let end: Int64

  init(_ timeout: Duration?) {
    guard let timeout else {
      remaining = -1
      end = 0
      return
    }
    remaining = Self.nanoseconds(timeout)
    end = remaining == 0 ? 0 : Self.adding(cpoller_now(), remaining)
  }

  /// A wait until `end` by the clock, which says `now`; `Int64.max` is a time that does not come.
  init(until end: Int64, now: Int64) {
    remaining = end == .max ? -1 : end > now ? end &- now : 0
    self.end = end
  }

  /// Takes the time that has passed off the time remaining.
  mutating func refresh() {
    if remaining > 0 { remaining = max(0, end - cpoller_now()) }
  }

  /// The time remaining for a call that counts milliseconds: rounded up, and clipped to what the call can take.
  var milliseconds: Int32 {
    if remaining <= 0 { return Int32(remaining) }
    return Int32(clamping: (remaining - 1) / 1_000_000 + 1)
  }

  /// A duration in nanoseconds: rounded up, none below zero, and 292 years for all that is longer.
  static func nanoseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    if seconds < 0 || attoseconds < 0 { return 0 }
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : adding(whole, (attoseconds + 999_999_999) / 1_000_000_000)
  }

  /// The sum of two numbers that are not negative, or the greatest number.
  private static func adding(_ a: Int64, _ b: Int64) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }
}
