import NIOCore
import Poller

/// SwiftNIO's scheduled tasks, used on their loop. Moving one is to cancel it and to schedule another.
struct ScheduledTasks: TimerQueue {
  let loop: any EventLoop
  /// Called with the event of a task that is due.
  let fire: @Sendable (UInt64) -> Void

  func set(_ event: UInt64, at deadline: Poller.Instant, now: Poller.Instant) -> Scheduled<Void> {
    // Both clocks are CLOCK_MONOTONIC.
    loop.scheduleTask(deadline: .uptimeNanoseconds(UInt64(deadline.nanoseconds))) { [fire] in fire(event) }
  }

  func move(_ id: inout Scheduled<Void>, to deadline: Poller.Instant, now: Poller.Instant) {
    id.cancel()
    id = set(0, at: deadline, now: now)
  }

  func remove(_ id: Scheduled<Void>) { id.cancel() }
}
