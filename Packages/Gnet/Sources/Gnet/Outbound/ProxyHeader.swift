internal import CGnet

/// The header of the PROXY protocol, by which a proxy tells a server whose connection it relays.
///
/// Source: W. Tarreau, "The PROXY protocol, versions 1 & 2",
/// https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt.
///
/// ``ProxyProtocol`` has a listener take such headers.
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

  /// The values besides the addresses, which version 2 alone has: the host that was asked for, the protocol, and the like.
  public var values: [Value]

  /// A value of a type, one of those that the specification calls TLV.
  public struct Value: Sendable, Hashable {
    /// The type: 1 for the application protocol (ALPN), 2 for the host that was asked for, 5 for an identity of the
    /// connection, 0x20 for what is known of TLS.
    public var type: UInt8
    /// The value, at most 65,535 bytes.
    public var bytes: [UInt8]

    /// Makes a value.
    public init(type: UInt8, bytes: [UInt8]) {
      self.type = type
      self.bytes = bytes
    }

    /// The type of a checksum of the header, which is verified where there is one.
    static let checksumType: UInt8 = 3
  }

  /// Makes the header of a connection from `source` to `destination`.
  public init(source: SocketAddress, destination: SocketAddress, values: [Value] = []) {
    self.source = source
    self.destination = destination
    self.values = values
  }

  /// The first value of a type; `nil` if there is none.
  public func value(_ type: UInt8) -> [UInt8]? { values.first { $0.type == type }?.bytes }

  /// The bytes of the header, which come before all others of the connection.
  ///
  /// Addresses of different versions of IP are both told as IPv6. Version 1 has no form for unix sockets: it tells that
  /// the addresses are unknown. It has none for ``values`` either, which are left out.
  ///
  /// - Precondition: addresses and values take at most 65,535 bytes together.
  public func encoded(_ version: Version) -> [UInt8] { version == .v1 ? encodedV1 : encodedV2 }

  // MARK: Version 1

  private var encodedV1: [UInt8] {
    guard let sourcePort = source.port, let destinationPort = destination.port else {
      return Array("PROXY UNKNOWN\r\n".utf8)
    }
    let isIPv4 = source.family == .ipv4 && destination.family == .ipv4
    let hosts = isIPv4 ? [source.host ?? "", destination.host ?? ""] : [source.ipv6Host, destination.ipv6Host]
    let line = "PROXY \(isIPv4 ? "TCP4" : "TCP6") \(hosts[0]) \(hosts[1]) \(sourcePort) \(destinationPort)\r\n"
    assert(line.utf8.count <= Self.longestLine)
    return Array(line.utf8)
  }

  // MARK: Version 2

  static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
  /// Version 2 and the command PROXY.
  private static let command: UInt8 = 0x21

  private var encodedV2: [UInt8] {
    let (family, addresses) = familyAndAddresses
    assert(addresses.count == Self.addressCounts[family], "a reader would take other bytes for the addresses")
    let block = values.reduce(into: addresses) { block, value in
      block.append(value.type)
      block += UInt16(value.bytes.count).bigEndianBytes + value.bytes
    }
    return Self.signature + [Self.command, family] + UInt16(block.count).bigEndianBytes + block
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

  /// A path in 108 bytes, as in Linux's `sockaddr_un`; a name in the abstract namespace begins with a zero.
  private static func padded(_ path: String) -> [UInt8] {
    let isAbstract = path.utf8.count > 1 && path.hasPrefix("@")
    let name = isAbstract ? [0] + Array(path.utf8.dropFirst()) : Array(path.utf8)
    let bytes = Array(name.prefix(108))
    return bytes + Array(repeating: 0, count: 108 - bytes.count)
  }
}

extension FixedWidthInteger {
  /// The bytes of the number, the most significant one first.
  var bigEndianBytes: [UInt8] {
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
