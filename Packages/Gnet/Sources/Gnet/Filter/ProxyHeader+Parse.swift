internal import RingBuffer

extension ProxyHeader {
  /// The outcome of a look at the first bytes of a connection.
  enum Parse: Equatable {
    /// The bytes are the beginning of a header.
    case incomplete
    /// The bytes are no header.
    case absent
    /// The bytes are a header that breaks the rules; with the rule.
    case invalid(String)
    /// The bytes begin with a header of a length; `nil` where the header tells no addresses.
    case header(ProxyHeader?, byteCount: Int)
  }

  /// The most bytes that a header of version 1 may have, the end of its line included.
  static var longestLine: Int { 107 }
  /// The most bytes behind the fixed part of a header of version 2 that are taken.
  static var longestBlock: Int { 4096 }

  /// Looks for a header at the beginning of a stream, and takes nothing.
  ///
  /// The outcome of a part of a header is `incomplete` as long as the header may still be valid.
  static func parse(_ bytes: borrowing RingBuffer) -> Parse {
    if let outcome = compare(bytes, with: signature) { return outcome ?? parseV2(bytes) }
    if let outcome = compare(bytes, with: linePrefix) { return outcome ?? parseV1(bytes) }
    return .absent
  }

  private static let linePrefix = Array("PROXY ".utf8)

  /// Compares the first bytes with the prefix of a version.
  ///
  /// - Returns: `nil` if they differ; `.some(nil)` if they are equal; `.incomplete` if more bytes are needed.
  private static func compare(_ bytes: borrowing RingBuffer, with prefix: [UInt8]) -> Parse?? {
    for (offset, byte) in prefix.enumerated() {
      if offset == bytes.count { return .incomplete }
      if bytes[offset] != byte { return nil }
    }
    return .some(nil)
  }

  // MARK: Version 1

  private static func parseV1(_ bytes: borrowing RingBuffer) -> Parse {
    var line: [UInt8] = []
    for offset in 0..<min(bytes.count, longestLine) {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\n") {
        guard line.popLast() == UInt8(ascii: "\r") else {
          return .invalid("a line that ends without a carriage return")
        }
        return parse(line: line)
      }
      if line.last == UInt8(ascii: "\r") { return .invalid("a carriage return within the line") }
      line.append(byte)
    }
    return bytes.count < longestLine ? .incomplete : .invalid("a line of more than \(longestLine) bytes")
  }

  /// Parses a line without its end.
  private static func parse(line: [UInt8]) -> Parse {
    assert(line.starts(with: linePrefix) && line.count + 2 <= longestLine)
    let byteCount = line.count + 2
    let fields = line.dropFirst(linePrefix.count).split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    // Whatever stands behind UNKNOWN is to be ignored.
    if fields[0] == "UNKNOWN" { return .header(nil, byteCount: byteCount) }
    let family: SocketAddress.Family
    switch fields[0] {
    case "TCP4": family = .ipv4
    case "TCP6": family = .ipv6
    default: return .invalid("an unknown protocol")
    }
    guard fields.count == 5, let source = address(fields[1], fields[3], family),
      let destination = address(fields[2], fields[4], family)
    else { return .invalid("a line without two addresses and two ports") }
    return .header(ProxyHeader(source: source, destination: destination), byteCount: byteCount)
  }

  private static func address(_ host: String, _ port: String, _ family: SocketAddress.Family) -> SocketAddress? {
    let digits = port.utf8
    guard 1...5 ~= digits.count, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      digits.count == 1 || digits.first != UInt8(ascii: "0"), let number = UInt16(port),
      host.utf8.contains(UInt8(ascii: ":")) == (family == .ipv6), !host.utf8.contains(UInt8(ascii: "%"))
    else { return nil }
    return SocketAddress(numericHost: host, port: number)
  }

  // MARK: Version 2

  private static func parseV2(_ bytes: borrowing RingBuffer) -> Parse {
    assert(bytes.count >= signature.count)
    let fixedCount = signature.count + 4
    guard bytes.count > signature.count else { return .incomplete }
    let command = bytes[signature.count]
    guard command >> 4 == 2 else { return .invalid("an unknown version") }
    guard command & 0xf <= 1 else { return .invalid("an unknown command") }
    guard bytes.count >= fixedCount else { return .incomplete }
    let count = Int(bytes[fixedCount - 2]) << 8 | Int(bytes[fixedCount - 1])
    if count > longestBlock { return .invalid("more than \(longestBlock) bytes of addresses and values") }
    guard bytes.count >= fixedCount + count else { return .incomplete }
    let whole = bytes.prefix(fixedCount + count)
    let (family, block) = (whole[fixedCount - 3], whole[fixedCount...])
    // LOCAL: the proxy speaks for itself, and the rest means nothing.
    if command & 0xf == 0 { return .header(nil, byteCount: whole.count) }
    guard let addressCount = addressCounts[family] else { return .invalid("an unknown family of addresses") }
    guard block.count >= addressCount else { return .invalid("addresses that are cut short") }
    guard let values = Value.parse(block.dropFirst(addressCount)) else { return .invalid("values that are cut short") }
    for value in values where value.type == Value.checksumType {
      if !hasChecksum(value.bytes, whole) { return .invalid("a wrong checksum") }
    }
    let told = addresses(family, Array(block.prefix(addressCount)))
    return .header(
      told.map { ProxyHeader(source: $0, destination: $1, values: values) }, byteCount: whole.count)
  }

  /// The bytes of the addresses of a family and a transport, both of streams and of datagrams.
  static let addressCounts: [UInt8: Int] = [
    0x00: 0, 0x11: 12, 0x12: 12, 0x21: 36, 0x22: 36, 0x31: 216, 0x32: 216,
  ]

  /// The addresses of streams; `nil` for others, which no stream connection has.
  private static func addresses(_ family: UInt8, _ bytes: [UInt8]) -> (SocketAddress, SocketAddress)? {
    assert(bytes.count == addressCounts[family])
    func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
    switch family {
    case 0x11:
      return (
        SocketAddress(.ipv4(address: UInt32(number(0..<4)), port: UInt16(number(8..<10)))),
        SocketAddress(.ipv4(address: UInt32(number(4..<8)), port: UInt16(number(10..<12))))
      )
    case 0x21:
      return (
        SocketAddress(high: number(0..<8), low: number(8..<16), port: UInt16(number(32..<34))),
        SocketAddress(high: number(16..<24), low: number(24..<32), port: UInt16(number(34..<36)))
      )
    case 0x31:
      return (SocketAddress(paddedPath: bytes[..<108]), SocketAddress(paddedPath: bytes[108...]))
    default:
      return nil
    }
  }

  /// Whether a checksum is that of the header, in which the checksum's own bytes count as zeros.
  private static func hasChecksum(_ checksum: [UInt8], _ header: [UInt8]) -> Bool {
    guard checksum.count == 4 else { return false }
    var cleared = header
    var place = header.count - values(in: header).reduce(0) { $0 + 3 + $1.bytes.count }
    for value in values(in: header) {
      place += 3
      if value.type == Value.checksumType {
        for offset in 0..<value.bytes.count { cleared[place + offset] = 0 }
      }
      place += value.bytes.count
    }
    assert(place == header.count, "the values do not end where the header does")
    return checksum == castagnoli(cleared).bigEndianBytes
  }

  private static func values(in header: [UInt8]) -> [Value] {
    let fixedCount = signature.count + 4
    return Value.parse(header[fixedCount...].dropFirst(addressCounts[header[fixedCount - 3]] ?? 0)) ?? []
  }

  /// The CRC32C of bytes. Source: RFC 3720, appendix B.4.
  static func castagnoli(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 0 ? 0 : 0x82f6_3b78) }
    }
    return ~sum
  }
}

extension ProxyHeader.Value {
  /// Parses values that follow each other; `nil` where one is cut short.
  fileprivate static func parse(_ bytes: ArraySlice<UInt8>) -> [Self]? {
    var (values, rest): ([Self], ArraySlice<UInt8>) = ([], bytes)
    while !rest.isEmpty {
      guard rest.count >= 3 else { return nil }
      let (type, high, low) = (rest.removeFirst(), rest.removeFirst(), rest.removeFirst())
      let count = Int(high) << 8 | Int(low)
      guard rest.count >= count else { return nil }
      values.append(Self(type: type, bytes: Array(rest.prefix(count))))
      rest = rest.dropFirst(count)
    }
    return values
  }
}

extension SocketAddress {
  /// An IPv6 address; an IPv4 address where that is mapped.
  fileprivate init(high: UInt64, low: UInt64, port: UInt16) {
    if high == 0 && low >> 32 == 0xffff {
      self.init(.ipv4(address: UInt32(truncatingIfNeeded: low), port: port))
    } else {
      self.init(.ipv6(high: high, low: low, scope: 0, port: port))
    }
  }

  /// The address of a unix socket, whose path ends at the first zero; a name in the abstract namespace begins with a zero.
  fileprivate init(paddedPath bytes: ArraySlice<UInt8>) {
    assert(bytes.count == 108)
    let isAbstract = bytes.first == 0 && bytes.contains { $0 != 0 }
    let path = (isAbstract ? bytes.dropFirst() : bytes).prefix { $0 != 0 }
    self.init(.unix(path: (isAbstract ? "@" : "") + String(decoding: path, as: UTF8.self)))
  }
}

extension RingBuffer {
  /// A copy of the first bytes, which stay.
  fileprivate func prefix(_ count: Int) -> [UInt8] { (0..<count).map { self[$0] } }
}
