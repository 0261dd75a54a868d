import Poller

/// The lateness of timers on a loop that is never busy: every wait ends at the moment that was asked for.
struct Precision: Encodable {
  /// The greatest lateness of a timer of at most a second, in nanoseconds.
  var max = 0.0
  /// The greatest lateness of a longer timer, as a share of its length.
  var share = 0.0
  var earlyCount = 0
  /// The number of waits.
  var wakeUps = 0

  static func measure<Queue: ExpiringQueue>(_ queue: inout Queue, _ lengths: [Int64]) -> Precision {
    let start = Poller.Instant.now
    for (event, length) in lengths.enumerated() {
      _ = queue.set(UInt64(event), at: start.adding(length), now: start)
    }
    var precision = Precision()
    while queue.next != .never {
      let now = queue.next
      precision.wakeUps += 1
      while let event = queue.expire(until: now) {
        let length = lengths[Int(event)]
        let late = now.nanoseconds - start.nanoseconds - length
        if late < 0 { precision.earlyCount += 1 }
        if length <= 1_000_000_000 {
          precision.max = Swift.max(precision.max, Double(late))
        } else {
          precision.share = Swift.max(precision.share, Double(late) / Double(length))
        }
      }
    }
    return precision
  }
}
