internal import Gnet
internal import Poller

/// What one loop counts by itself, on its own thread, and publishes for others.
struct LoopRecorder: ~Copyable {
  private var report = LoopReport()
  /// The time of the loop's next tick; `nil` before its first one.
  private var nextTick: Poller.Instant?
  let published = PublishedReport()
  /// The recorders of two loops have no cache line in common.
  private let padding = InlineArray<16, UInt64>(repeating: 0)

  /// Counts a write of so many bytes.
  mutating func recordWrite(_ byteCount: Int) { report.writeSizes.record(byteCount) }

  /// Publishes the report, and plans the next time.
  ///
  /// Ticks keep to a rhythm: what one is late the next is early, and those that were missed altogether are left out.
  ///
  /// - Returns: how long to wait.
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

/// The recorders of a server's loops, each to be used by its loop alone.
@safe
final class RecorderTable: @unchecked Sendable {
  // Unchecked: each recorder but its published part belongs to one thread.
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

  /// What each loop has last published; from any thread.
  var reports: [LoopReport] { (0..<count).map { unsafe recorders[$0].published.current } }
}
