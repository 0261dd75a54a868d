/// A time by which something must have happened, with its place in a `DeadlineQueue`.
package final class Deadline {
  private let onPassing: () -> Void
  fileprivate var time: ContinuousClock.Instant?
  fileprivate var next: Deadline?
  /// Kept alive by its own predecessor's `next`, or by the queue.
  fileprivate unowned(unsafe) var previous: Deadline?

  /// Whether it has passed.
  package fileprivate(set) var hasPassed = false

  /// Creates a deadline that is not set yet.
  ///
  /// - Parameter onPassing: What to do when it passes.
  package init(onPassing: @escaping () -> Void) { self.onPassing = onPassing }

  /// Whether it stands in a queue.
  package var isSet: Bool { time != nil }

  fileprivate func pass() {
    hasPassed = true
    onPassing()
  }
}

/// Deadlines that are all the same time ahead, so that the order in which they are set is that in which they pass:
/// setting one, taking it back and looking for the next cost O(1), and nothing while there are none.
package struct DeadlineQueue: ~Copyable {
  /// How far ahead deadlines are.
  package let timeout: Duration
  private var first: Deadline?
  private unowned(unsafe) var last: Deadline?

  /// Creates an empty queue.
  package init(timeout: Duration) { self.timeout = timeout }

  /// Sets a deadline, `timeout` from now.
  ///
  /// - Precondition: It is not set already.
  package mutating func add(_ deadline: Deadline, now: ContinuousClock.Instant) {
    precondition(!deadline.isSet, "a deadline is set already")
    deadline.time = now + timeout
    unsafe deadline.previous = last
    if let last = unsafe last { last.next = deadline } else { first = deadline }
    unsafe last = deadline
  }

  /// Takes back a deadline, if it is set.
  package mutating func remove(_ deadline: Deadline) {
    guard deadline.isSet else { return }
    deadline.time = nil
    let next = deadline.next
    deadline.next = nil
    if let next { unsafe next.previous = deadline.previous } else { unsafe last = deadline.previous }
    if let previous = unsafe deadline.previous { previous.next = next } else { first = next }
    unsafe deadline.previous = nil
  }

  /// Calls those that have passed, and takes them out.
  ///
  /// - Returns: After which time there can be something to do again. It need not be asked for before: what is
  ///   added meanwhile is due later than that.
  package mutating func expire(now: ContinuousClock.Instant) -> Duration {
    while let deadline = first, let time = deadline.time {
      if time > now { return now.duration(to: time) }
      remove(deadline)
      deadline.pass()
    }
    return timeout
  }
}
