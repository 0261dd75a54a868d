package import GnetMetrics

/// What came of reading one socket.
package struct Reading: Sendable {
  /// The socket's path, as it was given.
  package var path: String
  /// The snapshot, or why there is none.
  package var result: Result<Received, ReadingFailure>

  /// A snapshot, and the bytes it came as.
  package struct Received: Sendable {
    package var snapshot: MetricsSnapshot
    package var bytes: [UInt8]
  }

  /// The snapshot, if there is one.
  package var snapshot: MetricsSnapshot? { try? result.get().snapshot }

  /// What is to be said of it, in one line that names the socket; `nil` if there is a snapshot.
  package var complaint: String? {
    guard case .failure(let failure) = result else { return nil }
    return "\(path.escapingControls): \(failure)"
  }
}
