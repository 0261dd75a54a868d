/// Reads snapshots from any number of sockets at once, on the calling thread. A socket that hangs delays no other.
package struct SnapshotReader: Sendable {
  /// The time that reading a socket may take, from the connection to the end of the stream.
  package var timeout = Duration.seconds(2)
  /// The signals that end reading early; `nil` if none do.
  package var interruption: Interruption?

  /// The time between two attempts to connect to a socket with too many waiting clients.
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

  /// Waits until a socket is ready, and advances every socket that is. Returns whether a signal has arrived.
  private func isInterrupted(waitingFor sockets: [SnapshotConnection], upTo limit: Duration) -> Bool {
    let fds = sockets.map { $0.isConnected ? $0.fd : -1 } + [interruption?.fd ?? -1]
    let readable = Platform.readable(fds, milliseconds: limit.wholeMilliseconds)
    for (socket, isReadable) in zip(sockets, readable) where !socket.isConnected || isReadable { socket.advance() }
    return readable.last!
  }
}
