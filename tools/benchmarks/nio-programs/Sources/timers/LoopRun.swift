import NIOCore
import NIOPosix
import Poller

/// A loop of SwiftNIO that sets a timer for each length, as fast as it can, and fires all.
///
/// Everything runs on the loop but the creation and `result`.
final class LoopRun: @unchecked Sendable {
  private let loop: any EventLoop
  private let lengths: [Int64]
  private var deadlines: [Poller.Instant] = []
  private var log: LatenessLog
  private let ended: EventLoopPromise<Lateness>

  init(on loop: any EventLoop, _ lengths: [Int64]) {
    self.loop = loop
    self.lengths = lengths
    log = LatenessLog(capacity: lengths.count)
    deadlines.reserveCapacity(lengths.count)
    ended = loop.makePromise()
  }

  func result() throws -> Lateness {
    loop.execute { self.setSome(self.tasks) }
    return try ended.futureResult.wait()
  }

  private var tasks: ScheduledTasks {
    ScheduledTasks(loop: loop) { [self] event in
      let index = Int(event)
      log.add(Poller.Instant.now.nanoseconds - deadlines[index].nanoseconds, length: lengths[index])
      if log.count == lengths.count { ended.succeed(log.summary()) }
    }
  }

  private func setSome(_ tasks: ScheduledTasks) {
    let now = Poller.Instant.now
    for index in deadlines.count..<min(deadlines.count + batchSize, lengths.count) {
      let deadline = now.adding(lengths[index])
      deadlines.append(deadline)
      _ = tasks.set(UInt64(index), at: deadline, now: now)
    }
    if deadlines.count < lengths.count { loop.execute { self.setSome(tasks) } }
  }
}
