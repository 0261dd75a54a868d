import Poller

/// The lateness of timers that fired beside other work.
struct Lateness: Encodable {
  /// In nanoseconds.
  var median = 0.0
  var p999 = 0.0
  var max = 0.0
  /// The number of timers that fired before their time.
  var earlyCount = 0
  /// The greatest lateness beyond a millisecond or a thousandth of the timer's length, in nanoseconds.
  var excess = 0.0
  /// The longest time in nanoseconds between the loop's look at its timers and the end of what it did then.
  var longestTurn: Double?
  /// The longest processor time in nanoseconds of a turn: the rest of its time others had the processor.
  var longestWork: Double?
  /// The longest time in nanoseconds that the kernel let a wait go on beyond its end.
  var longestDelay: Double?
}

/// The lateness of each timer, as it is measured.
struct LatenessLog {
  private var lateness: [Int64] = []
  private var earlyCount = 0
  private var excess: Int64 = 0

  init(capacity: Int) { lateness.reserveCapacity(capacity) }

  var count: Int { lateness.count }

  mutating func add(_ late: Int64, length: Int64) {
    lateness.append(late)
    if late < 0 { earlyCount += 1 }
    excess = max(excess, late - max(1_000_000, length / 1000))
  }

  func summary() -> Lateness {
    let ordered = lateness.sorted()
    var summary = Lateness()
    summary.median = Double(ordered[ordered.count / 2])
    summary.p999 = Double(ordered[ordered.count * 999 / 1000])
    summary.max = Double(ordered[ordered.count - 1])
    summary.earlyCount = earlyCount
    summary.excess = Double(excess)
    return summary
  }
}

/// The number of timers that a turn of a loop sets while there are some to be set.
let batchSize = 1000

/// Runs a loop that sets a timer for each length, as fast as it can, and fires all.
func fire<Queue: ExpiringQueue>(_ queue: inout Queue, _ lengths: [Int64]) throws -> Lateness {
  let poller = try Poller()
  var deadlines: [Poller.Instant] = []
  deadlines.reserveCapacity(lengths.count)
  var log = LatenessLog(capacity: lengths.count)
  var (longestTurn, longestDelay, longestWork) = (Int64(0), Int64(0), 0)
  while log.count < lengths.count {
    let now = Poller.Instant.now
    let processorTimeBefore = processorTime
    while let event = queue.expire(until: now) {
      let index = Int(event)
      log.add(Poller.Instant.now.nanoseconds - deadlines[index].nanoseconds, length: lengths[index])
    }
    for index in deadlines.count..<min(deadlines.count + batchSize, lengths.count) {
      let deadline = now.adding(lengths[index])
      deadlines.append(deadline)
      _ = queue.set(UInt64(index), at: deadline, now: now)
    }
    let end = Poller.Instant.now
    longestWork = max(longestWork, processorTime - processorTimeBefore)
    longestTurn = max(longestTurn, end.nanoseconds - now.nanoseconds)
    let next = deadlines.count < lengths.count ? end : queue.next
    if log.count == lengths.count { break }
    try poller.wait(until: next, now: end) { _ in }
    longestDelay = max(longestDelay, Poller.Instant.now.nanoseconds - max(next, end).nanoseconds)
  }
  var summary = log.summary()
  summary.longestTurn = Double(longestTurn)
  summary.longestWork = Double(longestWork)
  summary.longestDelay = Double(longestDelay)
  return summary
}
