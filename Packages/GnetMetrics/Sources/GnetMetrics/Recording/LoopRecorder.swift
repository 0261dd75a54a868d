internal import Disruptor
internal import Gnet
internal import Poller

/// The counters of one loop, kept on its own thread and published for others.
struct LoopRecorder: ~Copyable {
  private var report = LoopReport()
  /// The time of the loop's next tick; `nil` before its first one.
  private var nextTick: Poller.Instant?
  let published = Published(LoopReport())
  /// The recorders of two loops have no cache line in common.
  private let padding = InlineArray<16, UInt64>(repeating: 0)

  /// Counts a write of `byteCount` bytes.
  mutating func recordWrite(_ byteCount: Int) { report.writeSizes.record(byteCount) }

  /// Publishes the report and plans the next tick.
  ///
  /// Ticks keep to a rhythm: a late one is followed by a shorter wait, and missed ones are skipped.
  ///
  /// - Returns: the time until the next tick.
  mutating func tick(_ loop: EventLoop, every interval: Duration) -> Duration {
    let now = Poller.Instant.now
    let planned = nextTick ?? now
    report.tickLateness.record(UInt64(max(now.nanoseconds &- planned.nanoseconds, 0)))
    report.statistics = loop.statistics
    report.publishedTime = Platform.wallTime
    published.publish(report)
    let next = planned + interval > now ? planned + interval : now + interval
    nextTick = next
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
}
