internal import Gnet
internal import GnetMetrics

/// The work of one loop, or of several together, per second between two snapshots.
struct LoopRates: Sendable {
  var connectionsActive: UInt64 = 0
  var pendingOutputBytes: UInt64 = 0
  var opened = 0.0
  var reads = 0.0
  var bytesRead = 0.0
  var writes = 0.0
  var bytesWritten = 0.0
  var writesWouldBlock = 0.0
  var acceptErrors = 0.0
  var connectAttempts = 0.0
  var connectFailures = 0.0
  var wakeups = 0.0
  var polls = 0.0
  /// The part of the time spent at work: the sum over the loops, 0 to 1 for each.
  var busy = 0.0
  /// The counts of filters, handlers and plugins, by their names.
  var named: [String: Double] = [:]
  /// The number of loops in the sums.
  var loopCount = 0

  /// Creates the rates of no loop.
  init() {}

  /// Computes a loop's rates since `before`, by its own clock. Rates are zero if it has published nothing since.
  init(_ now: MetricsSnapshot.LoopCounters, since before: MetricsSnapshot.LoopCounters?) {
    loopCount = 1
    connectionsActive = now.statistics.connectionsActive
    pendingOutputBytes = now.statistics.pendingOutputBytes
    for counter in now.namedCounts.keys { named[counter.name] = 0 }
    guard let before, before.publishedTime > 0, now.publishedTime > before.publishedTime else { return }
    let nanoseconds = Double(now.publishedTime - before.publishedTime)
    func rate(_ value: (LoopStatistics) -> UInt64) -> Double {
      let (new, old) = (value(now.statistics), value(before.statistics))
      return new > old ? Double(new - old) / nanoseconds * 1e9 : 0
    }
    opened = rate(\.connectionsOpened)
    reads = rate(\.reads)
    bytesRead = rate(\.bytesRead)
    writes = rate(\.writes)
    bytesWritten = rate(\.bytesWritten)
    writesWouldBlock = rate(\.writesWouldBlock)
    acceptErrors = rate(\.acceptErrors)
    connectAttempts = rate(\.connectAttempts)
    connectFailures = rate(\.connectFailures)
    wakeups = rate(\.wakeups)
    polls = rate(\.polls)
    for (counter, value) in now.namedCounts {
      let old = before.namedCounts[counter] ?? 0
      named[counter.name, default: 0] += value > old ? Double(value - old) / nanoseconds * 1e9 : 0
    }
    let (busyRate, waitingRate) = (rate(\.busyNanoseconds), rate(\.waitingNanoseconds))
    busy = busyRate + waitingRate > 0 ? busyRate / (busyRate + waitingRate) : 0
  }

  /// Adds the rates of other loops.
  mutating func add(_ other: Self) {
    loopCount += other.loopCount
    connectionsActive &+= other.connectionsActive
    pendingOutputBytes &+= other.pendingOutputBytes
    opened += other.opened
    reads += other.reads
    bytesRead += other.bytesRead
    writes += other.writes
    bytesWritten += other.bytesWritten
    writesWouldBlock += other.writesWouldBlock
    acceptErrors += other.acceptErrors
    connectAttempts += other.connectAttempts
    connectFailures += other.connectFailures
    wakeups += other.wakeups
    polls += other.polls
    named.merge(other.named, uniquingKeysWith: +)
    busy += other.busy
  }
}
