public import Gnet
internal import Synchronization

extension Connection {
  /// The outcome of the TLS handshake; `nil` without TLS, and before the end of the handshake.
  public var tls: TLSSession? { filter(TLSFilter.self)?.session }
}

extension AsyncConnection {
  /// The outcome of the TLS handshake; `nil` without TLS, and when the connection has gone.
  public func tls() async -> TLSSession? {
    // On the connection's loop, where the body of a service runs, nothing waits.
    if let session = handle.withConnection({ $0.tls }) { return session }
    return await withCheckedContinuation { continuation in
      let answer = Answer(continuation)
      handle.perform { connection in
        answer.give(connection.tls)
        return .none
      }
    }
  }
}

/// The answer to a task that waits, which is `nil` if the connection goes before.
private final class Answer: Sendable {
  private let continuation: Mutex<CheckedContinuation<TLSSession?, Never>?>

  init(_ continuation: CheckedContinuation<TLSSession?, Never>) { self.continuation = Mutex(continuation) }

  deinit { give(nil) }

  func give(_ session: TLSSession?) {
    continuation.withLock { $0.take() }?.resume(returning: session)
  }
}
