internal import Poller

extension Duration {
  /// The milliseconds of a time limit for `poll(2)`: rounded up, at least zero, and never the -1 that means no limit.
  var wholeMilliseconds: Int32 {
    let (whole, rest) = Poller.Instant.nanoseconds(of: self).quotientAndRemainder(dividingBy: 1_000_000)
    return Int32(clamping: whole + (rest > 0 ? 1 : 0))
  }
}
