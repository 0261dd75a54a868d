public import Poller
import Testing

extension Poller {
  /// The events of one wait; without a time limit of its own it gives up, rather than hang, after a while.
  borrowing func collect(_ timeout: Duration = .seconds(20)) throws -> [Event] {
    var events: [Event] = []
    let count = try wait(timeout: timeout) { events.append($0) }
    #expect(count == events.count)
    return events
  }

  /// The events that are there at once.
  borrowing func look() throws -> [Event] {
    try collect(.zero)
  }
}

extension Poller.Token: ExpressibleByIntegerLiteral {
  /// Lets tests write a token as a number.
  public init(integerLiteral value: UInt64) {
    self.init(rawValue: value)
  }
}

/// Whether a condition comes to hold in reasonable time.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  let end = ContinuousClock.now + .seconds(20)
  while ContinuousClock.now < end {
    if try condition() { return true }
    Thread.yield()
  }
  return false
}

extension Poller {
  /// Whether the backend is libkqueue, which differs from a kernel's kqueue in ways that are known.
  static var isEmulated: Bool {
    #if os(Linux)
      backend == .kqueue
    #else
      false
    #endif
  }
}

extension Trait where Self == ConditionTrait {
  /// For tests that account for every descriptor. A kernel's kqueue is one; libkqueue's is an epoll, a pipe and an eventfd,
  /// which a thread closes once it has seen that the pipe's one end, the kqueue, was closed.
  static var ownDescriptorsOnly: Self {
    .disabled(if: Poller.isEmulated, "libkqueue opens descriptors of its own and closes them when it likes")
  }
}
