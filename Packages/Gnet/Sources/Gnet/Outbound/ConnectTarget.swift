/// An address to connect to: a host to look up, or an address as it is.
///
/// An object, since the connections to an address share it.
final class ConnectTarget: Sendable {
  let query: NameQuery
  /// The address that needs no lookup, as the only one to try; `nil` for a host name.
  let race: AddressRace?
  /// The host as it stands in the address, or the path of a unix socket.
  let name: String

  /// Parses an address.
  init(_ text: String) throws(ConnectError) {
    let address = try Address(connectingTo: text)
    query = address.query
    let numeric = try address.numeric()
    race = numeric.map { AddressRace([RawAddress($0, isIPv6: $0.family == .ipv6)]) }
    name = numeric?.path ?? query.host
    assert(!name.isEmpty && (race != nil || address.scheme != .unix), "nothing tells where to connect to")
  }
}

extension Result<ConnectTarget, ConnectError> {
  /// The address that a text is, or why the text is none.
  init(parsing text: String) { self.init { () throws(ConnectError) in try ConnectTarget(text) } }

  /// Whether the address is one of UDP.
  var isDatagram: Bool { if case .success(let target) = self { target.query.isDatagram } else { false } }
}

extension Address {
  /// Parses an address to connect to.
  init(connectingTo text: String) throws(ConnectError) {
    do throws(ServeError) {
      try self.init(text)
    } catch {
      switch error {
      case .invalidAddress(_, let reason): throw .invalidAddress(text, reason: reason)
      default: throw .invalidAddress(text, reason: "unsupported scheme: use tcp, tcp4, tcp6, udp, udp4, udp6 or unix")
      }
    }
    if scheme == .unix { return }
    if host.isEmpty { throw .invalidAddress(text, reason: "the host is missing") }
    if port == 0 { throw .invalidAddress(text, reason: "port 0 cannot be connected to") }
    if reusePort { throw .invalidAddress(text, reason: "reuseport is for addresses to listen on") }
  }

  /// The address that the text stands for without a lookup; `nil` for a host name.
  func numeric() throws(ConnectError) -> SocketAddress? {
    if scheme == .unix { return SocketAddress(.unix(path: path)) }
    guard let address = SocketAddress(numericHost: host, port: port) else { return nil }
    guard address.family == .ipv4 ? scheme.allowsIPv4 : scheme.allowsIPv6 else {
      let version = address.family == .ipv4 ? "IPv4" : "IPv6"
      throw .invalidAddress(text, reason: "an \(version) address with the scheme \(scheme.rawValue)")
    }
    return address
  }

  /// The query for the addresses of a host name.
  var query: NameQuery {
    NameQuery(host: host, port: port, family: family, isDatagram: scheme.isDatagram, isPassive: false)
  }
}
