import CPoller

/// A descriptor that is closed when its owner goes away, also when an initializer throws half-way.
struct OwnedDescriptor: ~Copyable, Sendable {
  /// The descriptor's number.
  let number: Int32

  init(_ number: Int32) {
    self.number = number
  }

  deinit {
    _ = cpoller_close(number)
  }

  /// Gives the ownership up.
  consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }
}
