internal import CGnet

extension SocketAddress {
  /// Parses an address in the notation of ``description``: `127.0.0.1:9000`, `[::1]:9000`, `[fe80::1%eth0]:9000`,
  /// `unix:/run/x`. Host names are not looked up.
  ///
  /// Returns `nil` for any other text.
  public init?(_ text: String) {
    if text.utf8.starts(with: "unix:".utf8) {
      let path = text[text.utf8.index(text.startIndex, offsetBy: 5)...]
      guard path.utf8.count <= RawAddress.maximumPathLength, !path.utf8.contains(0) else { return nil }
      self.init(.unix(path: String(path)))
      return
    }
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let digits = text.utf8[text.utf8.index(after: colon)...]
    guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let port = UInt16(Substring(digits))
    else { return nil }
    let host = text[..<colon]
    if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]"), host.utf8.contains(UInt8(ascii: ":"))
    {
      self.init(numericHost: Self.unescapingZone(host.dropFirst().dropLast()), port: port)
    } else if !host.utf8.contains(UInt8(ascii: ":")) {
      self.init(numericHost: String(host), port: port)
    } else {
      return nil
    }
  }

  /// An IP address from a host in numeric form. Corresponds to `inet_pton(3)`. Returns `nil` for a host name.
  package init?(numericHost host: String, port: UInt16) {
    // The system would take a zero byte for the end.
    if host.utf8.contains(0) { return nil }
    var ipv4 = in_addr()
    if unsafe inet_pton(AF_INET, host, &ipv4) == 1 {
      self.init(.ipv4(address: UInt32(bigEndian: ipv4.s_addr), port: port))
      return
    }
    let percent = host.utf8.firstIndex(of: UInt8(ascii: "%")) ?? host.endIndex
    var ipv6 = in6_addr()
    guard unsafe inet_pton(AF_INET6, String(host[..<percent]), &ipv6) == 1 else { return nil }
    var scope: UInt32 = 0
    if percent < host.endIndex {
      guard let index = Self.interfaceIndex(String(host[host.utf8.index(after: percent)...])) else { return nil }
      scope = index
    }
    self.init(ipv6, scope: scope, port: port)
  }

  /// An IPv6 address in which the percent sign before the name of an interface may be escaped as `%25`.
  ///
  /// A number is not taken for an escaped name: `%251` is the interface 251.
  ///
  /// Source: RFC 6874, section 2.
  static func unescapingZone(_ host: Substring) -> String {
    guard let percent = host.firstIndex(of: "%") else { return String(host) }
    let zone = host[host.index(after: percent)...]
    guard zone.hasPrefix("25"), UInt32(zone) == nil else { return String(host) }
    return String(host[...percent] + zone.dropFirst(2))
  }

  /// The index of an interface from its name or number; `nil` if there is none.
  private static func interfaceIndex(_ zone: String) -> UInt32? {
    let index = unsafe if_nametoindex(zone)
    return index > 0 ? index : UInt32(zone)
  }

  /// Whether the address belongs to the loopback interface.
  package var isLoopback: Bool {
    switch storage {
    case .ipv4(let address, _): address >> 24 == 127
    case .ipv6(high: 0, low: 1, _, _): true
    case .ipv6, .unix: false
    }
  }
}
