internal import Poller

extension Duration {
  /// The time limit in milliseconds for `poll(2)`: rounded up, at least zero, at most 24 days.
  var wholeMilliseconds: Int32 {
    let (whole, rest) = Poller.Instant.nanoseconds(of: self).quotientAndRemainder(dividingBy: 1_000_000)
    return Int32(clamping: whole + (rest > 0 ? 1 : 0))
  }
}
