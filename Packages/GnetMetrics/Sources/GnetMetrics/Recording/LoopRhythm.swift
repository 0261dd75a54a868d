internal import Poller
internal import Synchronization

/// The ticks of one loop, as other threads see them: a loop whose tick is overdue is stuck in a callback.
struct LoopRhythm: ~Copyable {
  /// The moment of the next tick; later than any moment before the first one.
  private let due = Atomic<Int64>(.max)
  /// The moment of the tick that was counted as overdue the last time.
  private let countedDue = Atomic<Int64>(.max)
  private let count = Atomic<UInt64>(0)

  /// Takes in that the loop turns, and the moment of its next tick; on the loop's thread.
  func plan(_ next: Poller.Instant) { due.store(next.nanoseconds, ordering: .relaxed) }

  /// Whether the loop has ticked.
  var hasBegun: Bool { due.load(ordering: .relaxed) != .max }

  /// The nanoseconds by which the tick is overdue; 0 if it is not.
  func lateness(at now: Poller.Instant) -> UInt64 {
    let due = due.load(ordering: .relaxed)
    return due < now.nanoseconds ? UInt64(now.nanoseconds - due) : 0
  }

  /// The number of times that the tick was overdue for longer than the limit.
  var stalls: UInt64 { count.load(ordering: .relaxed) }

  /// Counts a tick that is overdue for longer than a limit, once. Returns whether it was counted now.
  func countStall(at now: Poller.Instant, limit: Duration) -> Bool {
    let due = due.load(ordering: .relaxed)
    guard due != .max, Poller.Instant(nanoseconds: due) + limit < now,
      countedDue.exchange(due, ordering: .relaxed) != due
    else { return false }
    count.add(1, ordering: .relaxed)
    return true
  }
}
