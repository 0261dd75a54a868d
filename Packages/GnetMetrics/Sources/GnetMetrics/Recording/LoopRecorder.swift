internal import Disruptor
internal import Gnet
internal import Poller

/// The counters of one loop, kept on its own thread and published for others.
struct LoopRecorder: ~Copyable {
  private var report = LoopReport()
  /// The time of the loop's next tick; `nil` before its first one.
  private var nextTick: Poller.Instant?
  let published = Published(LoopReport())
  let rhythm = LoopRhythm()
  /// The recorders of two loops have no cache line in common.
  private let padding = InlineArray<16, UInt64>(repeating: 0)

  /// Counts a write of `byteCount` bytes.
  mutating func recordWrite(_ byteCount: Int) { report.writeSizes.record(byteCount) }

  /// Publishes the report and plans the next tick.
  ///
  /// Ticks keep to a rhythm: a late one is followed by a shorter wait, and missed ones are skipped.
  ///
  /// - Returns: the time until the next tick.
  mutating func tick(_ loop: EventLoop, every interval: Duration, stallLimit: Duration) -> Duration {
    let now = Poller.Instant.now
    // A stall between two looks of the watch.
    _ = rhythm.countStall(at: now, limit: stallLimit)
    let planned = nextTick ?? now
    report.tickLateness.record(UInt64(max(now.nanoseconds &- planned.nanoseconds, 0)))
    report.statistics = loop.statistics
    report.publishedTime = Platform.wallTime
    published.publish(report)
    let next = planned + interval > now ? planned + interval : now + interval
    nextTick = next
    rhythm.plan(next)
    return next - now
  }
}

/// The recorders of a server's loops. Each loop uses its own.
@safe
final class RecorderTable: @unchecked Sendable {
  // Unchecked: a recorder belongs to the thread of its loop, all but its published part.
  let recorders: UnsafeMutablePointer<LoopRecorder>
  let count: Int

  init(count: Int) {
    self.count = count
    unsafe recorders = .allocate(capacity: count)
    for index in 0..<count { unsafe (recorders + index).initialize(to: LoopRecorder()) }
  }

  deinit {
    unsafe recorders.deinitialize(count: count)
    unsafe recorders.deallocate()
  }

  /// The last report of each loop. Any thread may ask.
  var reports: [LoopReport] { (0..<count).map { unsafe recorders[$0].published.current } }

  /// Whether every loop has ticked.
  var haveAllBegun: Bool { (0..<count).allSatisfy { unsafe recorders[$0].rhythm.hasBegun } }

  /// The number of stalls of each loop, and the nanoseconds for which it has been stuck now.
  func stalls(at now: Poller.Instant) -> [(count: UInt64, age: UInt64)] {
    (0..<count).map { unsafe (recorders[$0].rhythm.stalls, recorders[$0].rhythm.lateness(at: now)) }
  }

  /// Counts the loops that have become stuck for longer than a limit. Returns their indexes.
  func countStalls(at now: Poller.Instant, limit: Duration) -> [Int] {
    (0..<count).filter { unsafe recorders[$0].rhythm.countStall(at: now, limit: limit) }
  }
}
