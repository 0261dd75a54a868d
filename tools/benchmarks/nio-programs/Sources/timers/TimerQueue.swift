import Poller

/// The timers of a loop.
protocol TimerQueue {
  associatedtype ID

  /// Sets a timer.
  mutating func set(_ event: UInt64, at deadline: Poller.Instant, now: Poller.Instant) -> ID

  /// Moves a timer that is set to another deadline.
  mutating func move(_ id: inout ID, to deadline: Poller.Instant, now: Poller.Instant)

  /// Drops a timer that is set.
  mutating func remove(_ id: ID)
}

/// Timers that a loop takes when they are due.
protocol ExpiringQueue: TimerQueue {
  /// The time when there is something to take, or earlier.
  var next: Poller.Instant { get }

  /// Takes a timer that is due.
  mutating func expire(until now: Poller.Instant) -> UInt64?
}

extension Timers: TimerQueue, ExpiringQueue where Event == UInt64 {
  mutating func move(_ id: inout ID, to deadline: Poller.Instant, now: Poller.Instant) {
    move(id, to: deadline, now: now)
  }
}
