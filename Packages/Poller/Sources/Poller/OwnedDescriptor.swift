import CPoller

/// A descriptor that is closed with its owner, also if an initializer throws half-way.
struct OwnedDescriptor: ~Copyable, Sendable {
  /// The descriptor's number.
  let number: Int32

  init(_ number: Int32) {
    assert(number >= 0)
    self.number = number
  }

  deinit {
    _ = cpoller_close(number)
  }

  /// Gives up the ownership, and returns the descriptor's number.
  consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }
}
