package import GnetMetrics

/// The outcome of reading one socket.
package struct Reading: Sendable {
  /// The socket's path, as given.
  package var path: String
  /// The snapshot, or the reason why there is none.
  package var result: Result<Received, ReadingFailure>

  /// A snapshot, and its bytes as received.
  package struct Received: Sendable {
    package var snapshot: MetricsSnapshot
    package var bytes: [UInt8]
  }

  /// The snapshot, if there is one.
  package var snapshot: MetricsSnapshot? { try? result.get().snapshot }

  /// The failure in one line, with the socket's path; `nil` if there is a snapshot.
  package var complaint: String? {
    guard case .failure(let failure) = result else { return nil }
    return "\(path.escapingControls): \(failure)"
  }
}
