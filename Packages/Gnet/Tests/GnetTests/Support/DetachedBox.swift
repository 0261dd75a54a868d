import TestSupport

@testable import Gnet

/// Keeps a detached connection for a test.
final class DetachedBox: Sendable {
  private let stored = Lock<DetachedConnection?>(nil)

  var isEmpty: Bool { stored.withLock { $0 == nil } }

  func put(_ connection: consuming DetachedConnection) {
    var connection: DetachedConnection? = connection
    stored.withLock { $0 = connection.take() }
  }

  /// Waits for a connection and hands it out.
  func take() throws -> DetachedConnection {
    try require("a connection is detached") { !self.isEmpty }
    return stored.withLock { $0.take()! }
  }
}
