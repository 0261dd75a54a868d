import TestSupport

@testable import Gnet

// Callbacks that do nothing but note that they were called.

extension Log {
  /// Adds a value, and answers a callback.
  func note(_ value: Value, then action: Action = .none) -> Action {
    add(value)
    return action
  }
}

extension Counter {
  /// Counts a call, and answers it.
  func note(then action: Action = .none) -> Action {
    add()
    return action
  }
}
