/// A network of IP addresses, or a single address.
struct AddressRange: Sendable, Hashable {
  private let base: SocketAddress
  /// The number of leading bits that all addresses of the network share.
  private let prefixLength: Int

  /// Parses `10.0.0.0/8`, `2001:db8::/32`, or an address alone.
  init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard !parts[0].utf8.contains(UInt8(ascii: "%")),
      let base = SocketAddress(numericHost: String(parts[0]), port: 0)
    else { return nil }
    // A mapped address is one of IPv4: a length for IPv6 would mean something else.
    let isMapped = base.family == .ipv4 && parts[0].utf8.contains(UInt8(ascii: ":"))
    let width = base.family == .ipv4 ? 32 : 128
    self.base = base
    guard parts.count == 2 else {
      prefixLength = width
      return
    }
    guard !isMapped, parts[1].utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let length = Int(parts[1]), length <= width
    else { return nil }
    prefixLength = length
  }

  /// Whether an address belongs to the network.
  func contains(_ address: SocketAddress) -> Bool {
    assert(base.family != .unix && prefixLength <= (base.family == .ipv4 ? 32 : 128))
    return switch (base.storage, address.storage) {
    case (.ipv4(let base, _), .ipv4(let address, _)):
      Self.agree(UInt64(base) << 32, UInt64(address) << 32, prefixLength)
    case (.ipv6(let high, let low, _, _), .ipv6(let otherHigh, let otherLow, _, _)):
      Self.agree(high, otherHigh, min(prefixLength, 64)) && Self.agree(low, otherLow, max(prefixLength - 64, 0))
    default: false
    }
  }

  /// Whether two numbers have the same leading bits.
  private static func agree(_ left: UInt64, _ right: UInt64, _ count: Int) -> Bool {
    assert(0...64 ~= count)
    return count == 0 || (left ^ right) >> (64 - UInt64(count)) == 0
  }
}
