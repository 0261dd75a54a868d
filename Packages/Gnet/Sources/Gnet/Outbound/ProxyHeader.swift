internal import CGnet

/// The header of the PROXY protocol, by which a proxy tells a server whose connection it relays.
///
/// Source: W. Tarreau, "The PROXY protocol, versions 1 & 2",
/// https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt.
public struct ProxyHeader: Sendable, Hashable {
  /// The form of a header.
  public enum Version: String, Sendable, Hashable, CaseIterable {
    /// A line of text.
    case v1
    /// Binary.
    case v2
  }

  /// The client's address.
  public var source: SocketAddress
  /// The address that the client has connected to.
  public var destination: SocketAddress

  /// Makes the header of a connection from `source` to `destination`.
  public init(source: SocketAddress, destination: SocketAddress) {
    self.source = source
    self.destination = destination
  }

  /// The bytes of the header, which come before all others of the connection.
  ///
  /// Addresses of different versions of IP are both told as IPv6. Version 1 has no form for unix sockets: it tells that
  /// the addresses are unknown.
  public func encoded(_ version: Version) -> [UInt8] { version == .v1 ? encodedV1 : encodedV2 }

  // MARK: Version 1

  private var encodedV1: [UInt8] {
    guard let sourcePort = source.port, let destinationPort = destination.port else {
      return Array("PROXY UNKNOWN\r\n".utf8)
    }
    let isIPv4 = source.family == .ipv4 && destination.family == .ipv4
    let hosts = isIPv4 ? [source.host ?? "", destination.host ?? ""] : [source.ipv6Host, destination.ipv6Host]
    let line = "PROXY \(isIPv4 ? "TCP4" : "TCP6") \(hosts[0]) \(hosts[1]) \(sourcePort) \(destinationPort)\r\n"
    return Array(line.utf8)
  }

  // MARK: Version 2

  private static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
  /// Version 2 and the command PROXY.
  private static let command: UInt8 = 0x21

  private var encodedV2: [UInt8] {
    let (family, addresses) = familyAndAddresses
    var bytes = Self.signature + [Self.command, family]
    bytes.append(contentsOf: UInt16(addresses.count).bigEndianBytes)
    return bytes + addresses
  }

  /// The byte of the family and the transport, always a stream, and the block of the addresses.
  private var familyAndAddresses: (UInt8, [UInt8]) {
    switch (source.storage, destination.storage) {
    case (.ipv4(let source, let sourcePort), .ipv4(let destination, let destinationPort)):
      let hosts = source.bigEndianBytes + destination.bigEndianBytes
      return (0x11, hosts + sourcePort.bigEndianBytes + destinationPort.bigEndianBytes)
    case (.unix(let source), .unix(let destination)):
      return (0x31, Self.padded(source) + Self.padded(destination))
    default:
      guard let sourcePort = source.port, let destinationPort = destination.port else { return (0x00, []) }
      let ports = UInt16(sourcePort).bigEndianBytes + UInt16(destinationPort).bigEndianBytes
      return (0x21, source.ipv6Bytes + destination.ipv6Bytes + ports)
    }
  }

  /// A path in 108 bytes, as in Linux's `sockaddr_un`.
  private static func padded(_ path: String) -> [UInt8] {
    let bytes = Array(path.utf8.prefix(108))
    return bytes + Array(repeating: 0, count: 108 - bytes.count)
  }
}

extension FixedWidthInteger {
  /// The bytes of the number, the most significant one first.
  fileprivate var bigEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
  }
}

extension SocketAddress {
  /// The 16 bytes of an IPv6 address; of an IPv4 address those of the one that it is mapped to.
  fileprivate var ipv6Bytes: [UInt8] {
    switch storage {
    case .ipv6(let high, let low, _, _): high.bigEndianBytes + low.bigEndianBytes
    case .ipv4(let address, _): UInt64(0).bigEndianBytes + (0xffff_0000_0000 | UInt64(address)).bigEndianBytes
    case .unix: []
    }
  }

  /// The host as IPv6 text without a zone.
  fileprivate var ipv6Host: String {
    guard family == .ipv6 else { return "::ffff:\(host ?? "")" }
    let text = host ?? ""
    return String(text.prefix { $0 != "%" })
  }
}
