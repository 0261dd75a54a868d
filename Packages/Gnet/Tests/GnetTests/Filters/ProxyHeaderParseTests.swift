import RingBuffer
import TestSupport
import Testing

@testable import Gnet

@Suite("headers of the PROXY protocol, as they are understood") struct ProxyHeaderParseTests {
  private typealias Parse = ProxyHeader.Parse

  private static func parse(_ bytes: some Collection<UInt8>) -> Parse {
    var ring = RingBuffer()
    ring.write(bytes)
    return ProxyHeader.parse(ring)
  }

  private static func parse(_ text: String) -> Parse { parse(Array(text.utf8)) }

  private static func header(_ source: String, _ destination: String) -> ProxyHeader {
    ProxyHeader(source: SocketAddress(source)!, destination: SocketAddress(destination)!)
  }

  /// Headers of both versions, which are valid.
  private static let valid: [[UInt8]] = {
    let pairs = [
      ("192.168.0.1:56324", "192.168.0.11:443"), ("[2001:db8::1]:1", "[::1]:65535"),
      ("255.255.255.255:65535", "0.0.0.0:0"),
    ]
    var bytes = pairs.flatMap { pair in ProxyHeader.Version.allCases.map { header(pair.0, pair.1).encoded($0) } }
    bytes.append(header("unix:/tmp/a", "unix:/run/b").encoded(.v2))
    var valued = header("192.0.2.1:1", "192.0.2.2:2")
    valued.values = [.init(type: 0x02, bytes: Array("example.org".utf8)), .init(type: 0x04, bytes: [])]
    bytes.append(valued.encoded(.v2))
    bytes.append(Array("PROXY UNKNOWN\r\n".utf8))
    bytes.append(Array("PROXY UNKNOWN ffff:f...f:ffff 1 whatever\r\n".utf8))
    bytes.append(v2(0x20, 0x00, []))
    bytes.append(v2(0x20, 0x7f, [1, 2, 3]))
    bytes.append(v2(0x21, 0x00, [0x04, 0, 0]))
    return bytes
  }()

  private static func v2(_ command: UInt8, _ family: UInt8, _ block: [UInt8]) -> [UInt8] {
    let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
    return signature + [command, family, UInt8(block.count >> 8), UInt8(block.count & 0xff)] + block
  }

  @Test("what is encoded is understood, addresses and values", arguments: ProxyHeader.Version.allCases)
  func roundTrip(version: ProxyHeader.Version) {
    let headers = [
      Self.header("192.168.0.1:56324", "192.168.0.11:443"), Self.header("[2001:db8::1]:1", "[::1]:65535"),
      Self.header("0.0.0.0:0", "255.255.255.255:65535"),
    ]
    for header in headers {
      let bytes = header.encoded(version)
      #expect(Self.parse(bytes) == .header(header, byteCount: bytes.count))
      #expect(Self.parse(bytes + Array("GET / HTTP/1.1".utf8)) == .header(header, byteCount: bytes.count))
    }
    // An IPv4 address that is told as IPv6 is one of IPv4.
    let mixed = Self.header("192.168.0.1:1", "[::1]:2")
    #expect(Self.parse(mixed.encoded(version)) == .header(mixed, byteCount: mixed.encoded(version).count))
  }

  @Test("paths and values are told by version 2")
  func paths() {
    var header = Self.header("unix:/tmp/a", "unix:/run/b")
    header.values = [
      .init(type: 0x01, bytes: Array("h2".utf8)), .init(type: 0x20, bytes: pattern(1_000)),
      .init(type: 0xe0, bytes: []),
    ]
    let bytes = header.encoded(.v2)
    #expect(Self.parse(bytes) == .header(header, byteCount: bytes.count))
    #expect(header.value(0x01) == Array("h2".utf8))
    #expect(header.value(0xe0) == [] && header.value(0x02) == nil)
    for named in [Self.header("unix:@name", "unix:"), Self.header("unix:@", "unix:a")] {
      #expect(Self.parse(named.encoded(.v2)) == .header(named, byteCount: named.encoded(.v2).count))
    }
  }

  @Test("every part of a header may become one, and no more is needed than the header")
  func splits() throws {
    for bytes in Self.valid {
      for cut in 0..<bytes.count {
        #expect(Self.parse(bytes[..<cut]) == .incomplete, "\(bytes) cut at \(cut)")
      }
      guard case .header(_, let byteCount) = Self.parse(bytes) else {
        Issue.record("not understood: \(bytes)")
        continue
      }
      #expect(byteCount == bytes.count)
    }
  }

  @Test("a header that is spread over the end of the storage is understood")
  func wrapping() {
    let header = Self.header("192.168.0.1:56324", "192.168.0.11:443")
    for version in ProxyHeader.Version.allCases {
      for offset in 0..<128 {
        var ring = RingBuffer(minimumCapacity: 128)
        ring.write([UInt8](repeating: 0, count: offset))
        ring.discard(max(0, offset - 1))
        ring.write(header.encoded(version))
        ring.discard(min(1, offset))
        #expect(ProxyHeader.parse(ring) == .header(header, byteCount: header.encoded(version).count))
      }
    }
  }

  @Test(
    "bytes that are no header are told at the first byte that differs",
    arguments: [
      "GET / HTTP/1.1\r\n", "P", "PROXI", "PROXY\t", "proxy TCP4", "\r\n\r\nGET", "\r\n\r\n\u{0}\r\nQUIX", "\n",
    ])
  func absent(text: String) {
    #expect(Self.parse(text) == (text == "P" ? .incomplete : .absent))
  }

  @Test(
    "lines that break the rules are refused",
    arguments: [
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
      "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
      "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n",
      "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
      "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", "PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n", "PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n",
      "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY TCP6 fe80::1%lo ::1 1 2\r\n",
      "PROXY TCP6 [::1] ::1 1 2\r\n", "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n",
      "PROXY \r\n", "PROXY TCP4 1.2.3.4\r5.6.7.8 1 2\r\n", "PROXY TCP4 localhost localhost 1 2\r\n",
      "PROXY TCP4 1.2.3.4\u{0}9 5.6.7.8 1 2\r\n", "PROXY TCP6 ::1 ::1\u{0} 1 2\r\n",
      "PROXY UNKNOWN" + String(repeating: "x", count: 107),
    ])
  func invalidLines(text: String) {
    guard case .invalid = Self.parse(text) else {
      Issue.record("understood: \(text)")
      return
    }
    // The fault is found at some byte, and stays.
    var hasFailed = false
    for cut in 0...text.utf8.count {
      switch Self.parse(Array(text.utf8.prefix(cut))) {
      case .incomplete: #expect(!hasFailed)
      case .invalid: hasFailed = true
      case .absent, .header: Issue.record("a part of \(text) is understood")
      }
    }
  }

  @Test("the longest line is taken, and no longer one")
  func longestLine() {
    let longest = "PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n"
    #expect(longest.utf8.count == 107)
    #expect(Self.parse(longest) == .header(nil, byteCount: 107))
    let tooLong = "PROXY UNKNOWN " + String(repeating: "x", count: 92) + "\r\n"
    #expect(Self.parse(tooLong) == .invalid("a line of more than 107 bytes"))
  }

  @Test("binary headers that break the rules are refused")
  func invalidBinary() {
    let ipv4 = [UInt8](repeating: 1, count: 12)
    let faults: [[UInt8]] = [
      Self.v2(0x11, 0x11, ipv4), Self.v2(0x31, 0x11, ipv4), Self.v2(0x22, 0x11, ipv4), Self.v2(0x2f, 0x11, ipv4),
      Self.v2(0x21, 0x10, ipv4), Self.v2(0x21, 0x13, ipv4), Self.v2(0x21, 0x41, ipv4), Self.v2(0x21, 0xff, ipv4),
      Self.v2(0x21, 0x11, ipv4.dropLast()), Self.v2(0x21, 0x21, ipv4), Self.v2(0x21, 0x31, ipv4),
      Self.v2(0x21, 0x11, ipv4 + [1]), Self.v2(0x21, 0x11, ipv4 + [1, 0]), Self.v2(0x21, 0x11, ipv4 + [1, 0, 1]),
      Self.v2(0x21, 0x11, ipv4 + [1, 0xff, 0xff, 1]), Self.v2(0x21, 0x11, ipv4 + [3, 0, 4, 0, 0, 0, 0]),
      Self.v2(0x21, 0x11, ipv4 + [3, 0, 1, 0]),
      Self.v2(0x21, 0x11, [UInt8](repeating: 0, count: ProxyHeader.longestBlock + 1)),
    ]
    for bytes in faults {
      guard case .invalid = Self.parse(bytes) else {
        Issue.record("understood: \(bytes.prefix(40))")
        continue
      }
    }
    // A length that nobody sends is refused before it is waited for.
    let tooLong = Self.v2(0x21, 0x11, []).dropLast(2) + [0xff, 0xff]
    guard case .invalid = Self.parse(Array(tooLong)) else {
      Issue.record("a length of 65535 is waited for")
      return
    }
  }

  @Test("families without an address of a stream leave the socket's address")
  func withoutAddresses() {
    let datagrams = Self.v2(0x21, 0x12, [UInt8](repeating: 1, count: 12))
    #expect(Self.parse(datagrams) == .header(nil, byteCount: datagrams.count))
    let local = Self.v2(0x20, 0x11, [UInt8](repeating: 1, count: 12))
    #expect(Self.parse(local) == .header(nil, byteCount: local.count))
  }

  @Test("a checksum is compared, wherever it stands")
  func checksum() {
    #expect(ProxyHeader.castagnoli(Array("123456789".utf8)) == 0xe306_9283)
    let ipv4 = [UInt8](repeating: 1, count: 12)
    for (before, after) in [([], []), ([4, 0, 2, 9, 9], []), ([], [1, 0, 1, 7]), ([4, 0, 0], [4, 0, 0])]
      as [([UInt8], [UInt8])]
    {
      var bytes = Self.v2(0x21, 0x11, ipv4 + before + [3, 0, 4, 0, 0, 0, 0] + after)
      let sum = ProxyHeader.castagnoli(bytes)
      let place = 16 + 12 + before.count + 3
      for offset in 0..<4 { bytes[place + offset] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * offset)) }
      guard case .header(let header?, _) = Self.parse(bytes) else {
        Issue.record("a right checksum is refused")
        continue
      }
      #expect(header.value(3)?.count == 4)
      for offset in 12..<bytes.count where bytes[offset] != 0 {
        var changed = bytes
        changed[offset] ^= 1
        let isTaken = if case .header(.some, _) = Self.parse(changed) { true } else { false }
        // The type of the checksum's own value is the last to be protected by it.
        if isTaken { #expect(changed[offset] == 2, "a change at \(offset) is not noticed") }
      }
    }
  }

  @Test("random bytes behind the beginnings of headers end in an outcome", arguments: 0..<10 as Range<UInt64>)
  func random(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      var bytes = Self.valid.randomElement(using: &random)!
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = UInt8.random(in: 0...255, using: &random)
      }
      if case .header(_, let byteCount) = Self.parse(bytes) { #expect(byteCount <= bytes.count) }
    }
  }
}
