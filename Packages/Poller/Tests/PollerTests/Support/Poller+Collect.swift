public import Poller
import Testing

extension Poller {
  /// The events of one wait, which gives up after a while rather than hang.
  borrowing func collect(_ timeout: Duration = .seconds(20)) throws -> [Event] {
    var events: [Event] = []
    let count = try wait(timeout: timeout) { events.append($0) }
    #expect(count == events.count)
    return events
  }

  /// The events of a wait that only looks.
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

extension Poller {
  /// Whether the backend is libkqueue, which differs from a kernel's kqueue in known ways.
  static var isEmulated: Bool {
    #if os(Linux)
      backend == .kqueue
    #else
      false
    #endif
  }
}

extension Trait where Self == ConditionTrait {
  /// A condition for tests that account for every descriptor.
  ///
  /// A kernel's kqueue is one descriptor. libkqueue's is an epoll, a pipe and an eventfd, and a thread closes them after the
  /// kqueue, which is one end of the pipe.
  static var ownDescriptorsOnly: Self {
    .disabled(if: Poller.isEmulated, "libkqueue opens descriptors of its own and closes them when it likes")
  }
}
