internal import CGnet
internal import Gnet

/// A socket that listens for streams, of a server or of a script.
final class ListeningSocket: Watchable {
  let host: SimulatedHost
  let address: SocketAddress
  let isIPv6: Bool
  /// Whether an IPv6 socket takes IPv4 peers too.
  let takesIPv4: Bool
  private let backlog: Int
  /// The connections that wait to be accepted.
  private var waiting: [StreamEnd] = []
  private(set) var isClosed = false
  /// Called when a connection waits.
  var onConnection: (() -> Void)?

  init(_ host: SimulatedHost, _ address: SocketAddress, isIPv6: Bool, takesIPv4: Bool, backlog: Int) {
    self.host = host
    self.address = address
    self.isIPv6 = isIPv6
    self.takesIPv4 = takesIPv4
    self.backlog = max(1, min(backlog, 4096))
  }

  var isFull: Bool { waiting.count >= backlog }

  func add(_ end: StreamEnd) {
    end.isIPv6 = isIPv6
    waiting.append(end)
    notify()
    onConnection?()
  }

  func accept() -> StreamEnd? { waiting.isEmpty ? nil : waiting.removeFirst() }

  /// Closes the socket, and resets the connections that wait.
  func close() {
    isClosed = true
    onConnection = nil
    for end in waiting { end.reset() }
    waiting = []
    host.unbind(self)
  }

  override var readiness: Readiness { waiting.isEmpty ? [] : .readable }
}
