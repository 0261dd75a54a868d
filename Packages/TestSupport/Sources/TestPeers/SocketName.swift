/// An address that a client connects to: a numeric host with a port, or a path.
public protocol PeerAddress {
  /// The numeric host; `nil` for a unix socket.
  var host: String? { get }
  /// The port; `nil` for a unix socket.
  var port: Int? { get }
  /// The path of a unix socket; `nil` for a host.
  var path: String? { get }
}

/// The address of a socket, spelt out.
public struct SocketName: PeerAddress, Hashable, Sendable {
  /// The numeric host; `nil` for a unix socket.
  public let host: String?
  /// The port; `nil` for a unix socket.
  public let port: Int?
  /// The path of a unix socket; `nil` for a host.
  public let path: String?

  /// The address of a unix socket.
  public init(path: String) { (host, port, self.path) = (nil, nil, path) }

  /// The address of a port, on this machine unless another host is named.
  public init(host: String = "127.0.0.1", port: Int) { (self.host, self.port, path) = (host, port, nil) }
}

extension PeerAddress {
  /// The address, spelt out.
  var name: SocketName { path.map { SocketName(path: $0) } ?? SocketName(host: host!, port: port!) }

  /// The address by which a server on all interfaces is reached from this machine.
  var reachable: SocketName {
    switch host {
    case "0.0.0.0": SocketName(host: "127.0.0.1", port: port!)
    case "::": SocketName(host: "::1", port: port!)
    default: name
    }
  }

  /// Whether the address is one of IPv6.
  var isIPv6: Bool { host?.contains(":") == true }

  /// The address as a socket of IPv6 spells it.
  var mapped: SocketName { isIPv6 ? name : SocketName(host: "::ffff:\(host!)", port: port!) }
}
