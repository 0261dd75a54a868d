/// Reads snapshots from any number of sockets at once, on the calling thread: one that hangs costs the others nothing.
package struct SnapshotReader: Sendable {
  /// For how long a socket may take, from the connection to the end of the stream.
  package var timeout = Duration.seconds(2)
  /// When readable, reading ends early.
  package var interruption: Interruption?

  /// How often connecting is tried again where too many clients wait already.
  private static let retryInterval = Duration.milliseconds(10)

  /// Creates a reader.
  package init(timeout: Duration = .seconds(2), interruption: Interruption? = nil) {
    self.timeout = timeout
    self.interruption = interruption
  }

  /// Reads each socket once, in the order of `paths`. Takes no longer than the time-out.
  package func read(_ paths: [String]) -> [Reading] {
    let sockets = paths.map { SnapshotConnection(to: $0) }
    let deadline = ContinuousClock.now + timeout
    while true {
      let open = sockets.filter { $0.outcome == nil }
      if open.isEmpty { break }
      let rest = ContinuousClock.now.duration(to: deadline)
      if rest <= .zero { break }
      let isRetrying = open.contains { !$0.isConnected }
      if isInterrupted(waitingFor: open, upTo: isRetrying ? min(rest, Self.retryInterval) : rest) {
        for socket in open { socket.giveUp(.interrupted) }
      }
    }
    for socket in sockets { socket.giveUp(.timedOut(timeout)) }
    return zip(paths, sockets).map { Reading(path: $0, result: $1.outcome!) }
  }

  /// Waits for any of the sockets to be ready, and advances those that are. Returns whether a signal has arrived.
  private func isInterrupted(waitingFor sockets: [SnapshotConnection], upTo limit: Duration) -> Bool {
    let fds = sockets.map { $0.isConnected ? $0.fd : -1 } + [interruption?.fd ?? -1]
    let readable = Platform.readable(fds, milliseconds: limit.wholeMilliseconds)
    for (socket, isReadable) in zip(sockets, readable) where !socket.isConnected || isReadable { socket.advance() }
    return readable.last!
  }
}
