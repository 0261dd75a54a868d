public import Poller
import SystemPackage
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
  #if os(Linux)
    /// Whether the backend is libkqueue, which differs from a kernel's kqueue in known ways.
    static var isEmulated: Bool { backend == .kqueue }
  #else
    /// The kqueue of the kernel is no emulation.
    static var isEmulated: Bool { false }
  #endif
}

extension Poller {
  /// Makes a stream socket pair, and watches its left end with the token 1.
  func withWatchedSocketPair(
    _ interest: Interest, trigger: Trigger = .level, _ body: (Pair) throws -> Void
  ) throws {
    try withSocketPair { pair in
      try add(pair.left, token: 1, interest: interest, trigger: trigger)
      try body(pair)
    }
  }

  /// Makes a pipe, and watches its reading end with the token 1.
  func withWatchedPipe(_ interest: Interest, trigger: Trigger = .level, _ body: (Pair) throws -> Void) throws {
    try withPipe { pipe in
      try add(pipe.left, token: 1, interest: interest, trigger: trigger)
      try body(pipe)
    }
  }
}

extension Poller {
  /// Duplicates a descriptor, and adds each copy with its number as the token. The copies are for the caller to close.
  func addCopies(
    _ count: Int, of descriptor: FileDescriptor, _ interest: Interest, trigger: Trigger
  ) throws -> [FileDescriptor] {
    try (0..<UInt64(count)).map { number in
      let copy = try descriptor.duplicate()
      try add(copy, token: Token(rawValue: number), interest: interest, trigger: trigger)
      return copy
    }
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
