/// Whether the connections of a listener begin with a header of the PROXY protocol, by which a proxy or balancer tells
/// whose connection it relays. Versions 1 and 2 are understood.
///
/// ```swift
/// let listener = Listener(
///   "tcp://:8080", Service { _ in RedisSession() }, proxyProtocol: .required.trusting("10.0.0.0/8", "192.0.2.17"))
/// ```
///
/// The client's address that a header tells is ``Connection/remoteAddress``, and the whole header is
/// ``Connection/proxyHeader``. A header that tells no address, as that of a health check, leaves the socket's address. A
/// connection whose header breaks the rules, or does not come within 10 seconds, is closed; nothing of it is called.
///
/// Every client of the listener can name any address: take headers from trusted sources only.
///
/// Source: W. Tarreau, "The PROXY protocol, versions 1 & 2",
/// https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt.
public struct ProxyProtocol: Sendable, Hashable {
  enum Mode: Sendable { case off, optional, required }

  let mode: Mode
  /// The networks of the sources that are trusted, as texts; `nil`: all sources.
  private var trusted: [String]?

  private init(_ mode: Mode) { self.mode = mode }

  /// No headers: the bytes of a header are bytes of the connection as all others.
  public static let off = ProxyProtocol(.off)

  /// With a header or without: the first bytes decide. A server that speaks first cannot use this.
  public static let optional = ProxyProtocol(.optional)

  /// Every connection begins with a header.
  public static let required = ProxyProtocol(.required)

  /// The same for headers of some sources only: addresses such as `192.0.2.17` and `2001:db8::1`, and networks such as
  /// `10.0.0.0/8`. Peers of a unix socket are always trusted.
  ///
  /// A connection from elsewhere is closed where headers are required; where they are optional, all bytes are the
  /// connection's own.
  public func trusting(_ networks: String...) -> ProxyProtocol { trusting(networks) }

  /// The same for headers of some sources only, as the other `trusting` does.
  public func trusting(_ networks: [String]) -> ProxyProtocol {
    var result = self
    result.trusted = (trusted ?? []) + networks
    return result
  }

  /// The factory of the filter that takes the header; `nil` where there are no headers.
  ///
  /// - Throws: where a network cannot be understood.
  func filter() throws(ServeError) -> ConnectionFilter.Factory? {
    if mode == .off { return nil }
    var networks: [AddressRange]?
    if let trusted {
      var ranges: [AddressRange] = []
      for text in trusted {
        guard let range = AddressRange(text) else {
          throw .invalidAddress(text, reason: "a numeric address or network is needed: 192.0.2.17 or 10.0.0.0/8")
        }
        ranges.append(range)
      }
      networks = ranges
    }
    let (isRequired, ranges) = (mode == .required, networks)
    return { context in
      let source = context.remoteAddress
      let isTrusted = source.family == .unix || ranges?.contains { $0.contains(source) } ?? true
      return ProxyProtocolFilter(isRequired: isRequired, isTrusted: isTrusted)
    }
  }
}

extension Connection {
  /// The header of the PROXY protocol that the connection began with; `nil` if there was none, or the header told no address.
  public var proxyHeader: ProxyHeader? { filter(ProxyProtocolFilter.self)?.header }
}
