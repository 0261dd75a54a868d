/// A deadline for an event, and its place in a `DeadlineQueue`.
package final class Deadline {
  private let onPassing: () -> Void
  fileprivate var time: ContinuousClock.Instant?
  fileprivate var next: Deadline?
  /// The deadline before this one, which is owned by its own predecessor or by the queue.
  fileprivate unowned(unsafe) var previous: Deadline?

  /// Whether the deadline has passed.
  package fileprivate(set) var hasPassed = false

  /// Creates a deadline that is not set yet.
  ///
  /// - Parameter onPassing: called when the deadline passes.
  package init(onPassing: @escaping () -> Void) { self.onPassing = onPassing }

  /// Whether the deadline is in a queue.
  package var isSet: Bool { time != nil }

  fileprivate func pass() {
    hasPassed = true
    onPassing()
  }
}

/// A queue of deadlines with the same time-out, which therefore pass in the order in which they were set.
///
/// Setting and removing a deadline and finding the next one take O(1).
package struct DeadlineQueue: ~Copyable {
  /// The time from setting a deadline to its passing.
  package let timeout: Duration
  private var first: Deadline?
  private unowned(unsafe) var last: Deadline?

  /// Creates an empty queue.
  package init(timeout: Duration) { self.timeout = timeout }

  /// Sets a deadline, `timeout` from now.
  ///
  /// - Precondition: the deadline is not set.
  package mutating func add(_ deadline: Deadline, now: ContinuousClock.Instant) {
    precondition(!deadline.isSet, "a deadline is set already")
    deadline.time = now + timeout
    unsafe deadline.previous = last
    if let last = unsafe last { last.next = deadline } else { first = deadline }
    unsafe last = deadline
  }

  /// Removes a deadline, if it is set.
  package mutating func remove(_ deadline: Deadline) {
    guard deadline.isSet else { return }
    deadline.time = nil
    let next = deadline.next
    deadline.next = nil
    if let next { unsafe next.previous = deadline.previous } else { unsafe last = deadline.previous }
    if let previous = unsafe deadline.previous { previous.next = next } else { first = next }
    unsafe deadline.previous = nil
  }

  /// Removes the deadlines that have passed, and calls their closures.
  ///
  /// - Returns: the time until the next deadline may pass. Deadlines that are added meanwhile pass later than that.
  package mutating func expire(now: ContinuousClock.Instant) -> Duration {
    while let deadline = first, let time = deadline.time {
      if time > now { return now.duration(to: time) }
      remove(deadline)
      deadline.pass()
    }
    return timeout
  }
}
