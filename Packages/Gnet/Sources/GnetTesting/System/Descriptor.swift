internal import CGnet
internal import Gnet

/// An open socket or folder of a host, which one descriptor or several refer to.
final class Descriptor {
  enum Kind {
    /// A socket that is neither connected nor listening nor one of datagrams.
    case idle
    case listening(ListeningSocket)
    case stream(StreamEnd)
    case datagrams(DatagramSocket)
    /// The lock of a folder.
    case lock
  }

  let host: SimulatedHost
  let family: Int32
  let isDatagram: Bool
  var kind: Kind
  /// The number of descriptors.
  var descriptorCount = 1
  /// The address that the socket is bound to.
  var bound: SocketAddress?
  var sharesPort = false
  var takesIPv4 = true
  var reportsLocal = false

  init(_ host: SimulatedHost, family: Int32, isDatagram: Bool, _ kind: Kind = .idle) {
    self.host = host
    self.family = family
    self.isDatagram = isDatagram
    self.kind = kind
  }

  /// The descriptor of an accepted connection.
  convenience init(_ end: StreamEnd) {
    self.init(end.host, family: end.isUnix ? AF_UNIX : end.isIPv6 ? AF_INET6 : AF_INET, isDatagram: false, .stream(end))
  }

  var isIPv6: Bool { family == AF_INET6 }

  var watchable: Watchable? {
    switch kind {
    case .idle, .lock: nil
    case .listening(let socket): socket
    case .stream(let end): end
    case .datagrams(let socket): socket
    }
  }

  var stream: StreamEnd? { if case .stream(let end) = kind { end } else { nil } }

  var local: SocketAddress {
    switch kind {
    case .stream(let end): end.local
    case .datagrams(let socket): socket.local
    case .listening(let socket): socket.address
    case .idle, .lock: bound ?? SocketAddress("unix:")!
    }
  }

  var remote: SocketAddress? {
    switch kind {
    case .stream(let end): end.isConnected && !end.isDead ? end.remote : nil
    case .datagrams(let socket): socket.remote
    case .listening, .idle, .lock: nil
    }
  }

  func close() {
    switch kind {
    case .idle: if let path = bound?.path { host.unbindFile(path) }
    case .lock: break
    case .listening(let socket): socket.close()
    case .stream(let end): end.close()
    case .datagrams(let socket): socket.close()
    }
  }
}
