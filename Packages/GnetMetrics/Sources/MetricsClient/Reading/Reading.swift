internal import Gnet
package import GnetMetrics

/// The outcome of reading one socket.
package struct Reading: Sendable {
  /// The socket's path, as given.
  package var path: String
  /// The snapshot, or the reason why there is none.
  package var result: Outcome

  /// A snapshot, or the reason why there is none.
  package typealias Outcome = Result<Received, ReadingFailure>

  /// A snapshot, and its bytes as received.
  package struct Received: Sendable {
    package var snapshot: MetricsSnapshot
    package var bytes: [UInt8]
  }

  /// The snapshot, if there is one.
  package var snapshot: MetricsSnapshot? { try? result.get().snapshot }

  /// Whether the end of the reader ended the reading, which tells nothing of the socket.
  package var isInterrupted: Bool {
    if case .failure(.interrupted) = result { true } else { false }
  }

  /// The failure in one line, with the socket's path; `nil` if there is a snapshot.
  package var complaint: String? {
    guard case .failure(let failure) = result else { return nil }
    return "\(path.escapingControls): \(failure)"
  }
}
