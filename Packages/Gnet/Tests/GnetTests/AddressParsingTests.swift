import SystemPackage
import TestSupport
import Testing

@testable import Gnet

@Suite("addresses as they are written") struct AddressParsingTests {
  struct Valid: Sendable, CustomTestStringConvertible {
    let text: String
    let scheme: Address.Scheme
    var host = ""
    var port: UInt16 = 0
    var path = ""
    var reusePort = false
    var testDescription: String { text }
  }

  @Test(
    "an address that follows the rules is understood",
    arguments: [
      Valid(text: "127.0.0.1:9000", scheme: .tcp, host: "127.0.0.1", port: 9000),
      Valid(text: ":9000", scheme: .tcp, port: 9000),
      Valid(text: "tcp://:0", scheme: .tcp),
      Valid(text: "tcp4://0.0.0.0:65535", scheme: .tcp4, host: "0.0.0.0", port: 65535),
      Valid(text: "tcp6://[::1]:80", scheme: .tcp6, host: "::1", port: 80),
      Valid(text: "[::]:80", scheme: .tcp, host: "::", port: 80),
      Valid(text: "[fe80::1%eth0]:80", scheme: .tcp, host: "fe80::1%eth0", port: 80),
      Valid(text: "[fe80::1%25eth0]:80", scheme: .tcp, host: "fe80::1%eth0", port: 80),
      Valid(text: "[fe80::1%25]:80", scheme: .tcp, host: "fe80::1%25", port: 80),
      Valid(text: "[fe80::1%251]:80", scheme: .tcp, host: "fe80::1%251", port: 80),
      Valid(text: "udp://localhost:53", scheme: .udp, host: "localhost", port: 53),
      Valid(text: "udp4://:53", scheme: .udp4, port: 53),
      Valid(text: "udp6://[::ffff:1.2.3.4]:53", scheme: .udp6, host: "::ffff:1.2.3.4", port: 53),
      Valid(text: "tcp://a-name.example:0080", scheme: .tcp, host: "a-name.example", port: 80),
      Valid(text: "tcp://:1?reuseport=true", scheme: .tcp, port: 1, reusePort: true),
      Valid(text: "tcp://:1?reuseport=yes", scheme: .tcp, port: 1, reusePort: true),
      Valid(text: "udp://:1?reuseport=1", scheme: .udp, port: 1, reusePort: true),
      Valid(text: ":1?reuseport=true", scheme: .tcp, port: 1, reusePort: true),
      Valid(text: "[::1]:1?reuseport=true", scheme: .tcp, host: "::1", port: 1, reusePort: true),
      Valid(text: "tcp://:1?reuseport=false", scheme: .tcp, port: 1),
      Valid(text: "tcp://:1?reuseport=no", scheme: .tcp, port: 1),
      Valid(text: "tcp://:1?reuseport=0", scheme: .tcp, port: 1),
      Valid(text: "unix:///run/x.sock", scheme: .unix, path: "/run/x.sock"),
      Valid(text: "unix://x.sock", scheme: .unix, path: "x.sock"),
      Valid(text: "unix:///a?reuseport=true/b", scheme: .unix, path: "/a?reuseport=true/b"),
      Valid(text: "unix:///a?reuseports", scheme: .unix, path: "/a?reuseports"),
      Valid(text: "unix:///a?b=reuseport", scheme: .unix, path: "/a?b=reuseport"),
      Valid(text: "unix://./a b%20c:1#d", scheme: .unix, path: "./a b%20c:1#d"),
      Valid(text: "unix://what?", scheme: .unix, path: "what?"),
      Valid(text: "unix://tcp://:1", scheme: .unix, path: "tcp://:1"),
      Valid(text: "unix://ü", scheme: .unix, path: "ü"),
      Valid(text: "unix://\u{301}x", scheme: .unix, path: "\u{301}x"),
      Valid(
        text: "unix://\(String(repeating: "p", count: RawAddress.maximumPathLength))", scheme: .unix,
        path: String(repeating: "p", count: RawAddress.maximumPathLength)),
    ])
  func valid(_ sample: Valid) throws {
    let address = try Address(sample.text)
    #expect(address.text == sample.text)
    #expect(address.scheme == sample.scheme)
    #expect(address.host == sample.host)
    #expect(address.port == sample.port)
    #expect(address.path == sample.path)
    #expect(address.reusePort == sample.reusePort)
  }

  @Test(
    "a malformed address is refused with the address and what is wrong with it",
    arguments: [
      ("", "port is missing"),
      ("9000", "port is missing"),
      ("localhost", "port is missing"),
      ("localhost:", "port is missing"),
      ("tcp://", "port is missing"),
      ("tcp://:", "port is missing"),
      ("tcp://127.0.0.1", "port is missing"),
      ("tcp://127.0.0.1?reuseport=true", "port is missing"),
      ("tcp://127.0.0.1:?reuseport=true", "port is missing"),
      ("[::1]", "port is missing"),
      ("[::1]:", "port is missing"),
      ("tcp://[::1]?reuseport=true", "port is missing"),
      (":http", "is not a port"),
      (":-1", "is not a port"),
      (":+1", "is not a port"),
      (": 1", "is not a port"),
      (":1 ", "is not a port"),
      (":0x50", "is not a port"),
      (":65536", "is not a port"),
      (":99999999999999999999999999", "is not a port"),
      (":٣", "is not a port"),
      (":80/", "is not a port"),
      ("tcp://:80/path", "is not a port"),
      ("::1:80", "brackets"),
      ("tcp6://::1:80", "brackets"),
      ("a:b:80", "brackets"),
      ("[::1:80", "bracket"),
      ("[::1]80", "bracket"),
      ("[::1]x:80", "bracket"),
      ("[]:80", "bracket"),
      ("[127.0.0.1]:80", "bracket"),
      ("[localhost]:80", "bracket"),
      ("tcp4://[::1]:80", "tcp4"),
      ("udp4://[::1]:80", "udp4"),
      (":80?", "unknown option"),
      (":80?reuse=true", "unknown option \"reuse\""),
      (":80?REUSEPORT=true", "unknown option"),
      (":80?reuseport=true&backlog=5", "unknown option \"backlog\""),
      (":80?reuseport=true&", "unknown option"),
      (":80?reuseport", "reuseport is true or false"),
      (":80?reuseport=", "reuseport is true or false"),
      (":80?reuseport=maybe", "\"maybe\""),
      (":80?reuseport=TRUE", "\"TRUE\""),
      (":80?reuseport=true&reuseport=true", "twice"),
      ("unix://", "missing"),
      ("unix:///tmp/x?reuseport=true", "reuseport"),
      ("unix:///tmp/x?reuseport=false", "reuseport"),
      ("unix:///tmp/x?y?reuseport", "reuseport"),
      ("unix://\(String(repeating: "p", count: RawAddress.maximumPathLength + 1))", "at most"),
    ])
  func malformed(_ text: String, _ reason: String) {
    let error = #expect(throws: ServeError.self) { try Address(text) }
    guard case .invalidAddress(text, let given)? = error else {
      Issue.record("\(text) is refused with \(String(describing: error))")
      return
    }
    #expect(given.contains(reason))
    #expect("\(error!)".contains(text))
    #expect(!"\(error!)".contains { $0.isNewline })
  }

  @Test("a zero byte, which the system would take for the end, is refused")
  func zeroByte() {
    for text in ["unix://a\0b", "tcp://a\0b:80", "unix://\0", "127.0.0.1\0:80"] {
      #expect(throws: ServeError.invalidAddress(text, reason: "it contains a zero byte")) {
        try Address(text)
      }
    }
    for text in ["127.0.0.1\0:80", "127.0.0.1\0x:80", "[::1\0]:80", "[fe80::1%lo\0]:80", "unix:/run\0"] {
      #expect(SocketAddress(text) == nil)
    }
    #expect(AddressRange("10.0.0.0\0/8") == nil && AddressRange("10.0.0.1\0") == nil)
  }

  @Test(
    "a scheme that is not served is refused as such",
    arguments: [
      "http://:80", "TCP://:80", "tcp5://:80", "://:80", "unixgram:///x", "sctp://:1", " tcp://:80",
    ])
  func unsupportedScheme(_ text: String) {
    let error = #expect(throws: ServeError.self) { try Address(text) }
    guard case .unsupportedScheme(text)? = error else {
      Issue.record("\(text) is refused with \(String(describing: error))")
      return
    }
    #expect("\(error!)".contains(text))
    #expect(!"\(error!)".contains { $0.isNewline })
  }

  @Test("an error prints as one line that names the address, the call and the reason")
  func errorDescriptions() {
    let inUse = "\(ServeError.system(operation: "bind", address: "tcp://:80", .addressInUse))"
    #expect(inUse.contains("tcp://:80") && inUse.contains("bind") && inUse.contains("\(Errno.addressInUse)"))
    let without = "\(ServeError.system(operation: "pthread_create", address: nil, .noMemory))"
    #expect(without.contains("pthread_create") && !without.contains("nil"))
    let noAddress = "\(ServeError.invalidAddress("", reason: "there is no address to serve on"))"
    #expect(noAddress.contains("there is no address"))
    // Characters from outside cannot break the line.
    #expect(!"\(ServeError.invalidAddress("a\nb", reason: "it is odd"))".contains("\n"))
    #expect(!"\(ServeError.unsupportedScheme("a\r\nb://"))".contains { $0.isNewline })
    #expect(!"\(ServeError.system(operation: "bind", address: "unix://a\nb", .addressInUse))".contains("\n"))
  }

  @Test("no addresses at all are an invalid address, and a bad one is found before anything is bound")
  func noAddress() throws {
    for addresses in [
      [], ["tcp://127.0.0.1:0", "tcp://nowhere"], ["unix://\(Files.temporaryPath())", "quic://:1"],
    ] {
      let error = #expect(throws: ServeError.self) { try serve(.echo, on: addresses) }
      switch error {
      case .invalidAddress("", _)?: #expect(addresses.isEmpty)
      case .invalidAddress(let text, _)?, .unsupportedScheme(let text)?: #expect(text == addresses[1])
      default: Issue.record("\(String(describing: error))")
      }
    }
  }
}

@Suite("socket addresses") struct SocketAddressTests {
  typealias Sample = (
    storage: SocketAddress.Storage, family: SocketAddress.Family, host: String?, port: Int?, path: String?,
    text: String
  )

  static let samples: [Sample] = [
    (.ipv4(address: 0x7f00_0001, port: 9000), .ipv4, "127.0.0.1", 9000, nil, "127.0.0.1:9000"),
    (.ipv4(address: 0, port: 0), .ipv4, "0.0.0.0", 0, nil, "0.0.0.0:0"),
    (.ipv6(high: 0, low: 1, scope: 0, port: 9000), .ipv6, "::1", 9000, nil, "[::1]:9000"),
    (.ipv6(high: 0, low: 0, scope: 0, port: 1), .ipv6, "::", 1, nil, "[::]:1"),
    (
      .ipv6(high: 0x2001_0db8_0000_0000, low: 0x0000_0000_0000_00ff, scope: 0, port: 65535), .ipv6,
      "2001:db8::ff", 65535, nil, "[2001:db8::ff]:65535"
    ),
    (
      .ipv6(high: 0xfe80 << 48, low: 1, scope: 1, port: 80), .ipv6, "fe80::1%lo", 80, nil, "[fe80::1%lo]:80"
    ),
    (.unix(path: "/run/x"), .unix, nil, nil, "/run/x", "unix:/run/x"),
    (.unix(path: "\u{301}x"), .unix, nil, nil, "\u{301}x", "unix:\u{301}x"),
    (.unix(path: ""), .unix, nil, nil, "", "unix:"),
  ]

  @Test("shows its family, host, port and path, and prints as one writes it", arguments: samples.indices)
  func parts(_ index: Int) {
    let sample = Self.samples[index]
    let address = SocketAddress(sample.storage)
    #expect(address.family == sample.family)
    #expect(address.host == sample.host)
    #expect(address.port == sample.port)
    #expect(address.path == sample.path)
    #expect(address.description == sample.text)
    #expect("\(address)" == sample.text)
    #expect(SocketAddress(sample.text) == address)
  }

  @Test("survives the way to the kernel's form and back", arguments: samples.indices)
  func roundTrip(_ index: Int) {
    let address = SocketAddress(Self.samples[index].storage)
    let raw = RawAddress(address, isIPv6: address.family == .ipv6)
    #expect(SocketAddress(raw.storage, length: raw.length) == address)
  }

  @Test("an IPv4 address on a socket of IPv6 reads as IPv4 again")
  func mapped() {
    let address = SocketAddress(.ipv4(address: 0x0102_0304, port: 5))
    let raw = RawAddress(address, isIPv6: true)
    #expect(raw.length == 28)
    #expect(SocketAddress(raw.storage, length: raw.length) == address)
    #expect(SocketAddress(raw.storage, length: raw.length).family == .ipv4)
  }

  @Test("is usable as a key, and differs where any part does")
  func hashable() {
    let all = Set(Self.samples.map { SocketAddress($0.storage) })
    #expect(all.count == Self.samples.count)
    #expect(all.contains(SocketAddress(.unix(path: "/run/x"))))
    #expect(!all.contains(SocketAddress(.unix(path: "/run/y"))))
    #expect(!all.contains(SocketAddress(.ipv4(address: 0x7f00_0001, port: 9001))))
  }

  @Test("the hash of the host leaves the port out and spreads neighbours over loops")
  func hostHash() {
    let one = SocketAddress(.ipv4(address: 0x0a00_0001, port: 1)).hostHash
    #expect(one == SocketAddress(.ipv4(address: 0x0a00_0001, port: 2)).hostHash)
    for loopCount: UInt64 in [2, 3, 4, 8] {
      var counts = [Int](repeating: 0, count: Int(loopCount))
      for host: UInt32 in 0..<1000 {
        counts[Int(SocketAddress(.ipv4(address: 0x0a00_0000 + host, port: 1)).hostHash % loopCount)] += 1
      }
      let fair = 1000 / Int(loopCount)
      #expect(counts.allSatisfy { $0 > fair / 2 && $0 < fair * 2 }, "\(counts)")
    }
  }
}
