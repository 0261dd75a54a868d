/// The time a wait has left, in nanoseconds.
///
/// Kernels forget the time already waited when a signal interrupts them, so the end is remembered as a moment. The
/// clock is read only for a wait with a time limit other than zero.
struct Countdown {
  /// The time left; negative without a limit, zero for a wait that must not block.
  private(set) var remaining: Int64

  /// The moment when `remaining` runs out; meaningless unless it is positive.
  let end: Poller.Instant

  init(_ timeout: Duration?) {
    guard let timeout else {
      remaining = -1
      end = .never
      return
    }
    remaining = Poller.Instant.nanoseconds(of: timeout)
    end = remaining == 0 ? .never : Poller.Instant.now.adding(nanoseconds: remaining)
  }

  /// A wait until `end` by the clock, which says `now`.
  init(until end: Poller.Instant, now: Poller.Instant) {
    assert(now.nanoseconds >= 0, "the monotonic clock is never negative")
    remaining = end == .never ? -1 : end > now ? end.nanoseconds &- now.nanoseconds : 0
    self.end = end
  }

  /// Takes the time that has passed off the time remaining.
  mutating func refresh() {
    if remaining > 0 { remaining = max(0, end.nanoseconds - Poller.Instant.now.nanoseconds) }
  }

  /// The time remaining for a call that counts milliseconds: rounded up, and clipped to the greatest number it takes.
  var milliseconds: Int32 {
    if remaining <= 0 { return Int32(remaining) }
    return Int32(clamping: (remaining - 1) / 1_000_000 + 1)
  }
}
