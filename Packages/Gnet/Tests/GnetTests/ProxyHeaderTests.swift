import Gnet
import Testing

@Suite("ProxyHeader, with the forms of the specification")
struct ProxyHeaderTests {
  private func address(_ text: String) throws -> SocketAddress { try #require(SocketAddress(text)) }

  private func header(_ source: String, _ destination: String, _ version: ProxyHeader.Version) throws -> [UInt8] {
    try ProxyHeader(source: address(source), destination: address(destination)).encoded(version)
  }

  private let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
  private let all = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

  // MARK: Version 1

  @Test(
    "a line tells the hosts, then the ports",
    arguments: [
      ("192.168.0.1:56324", "192.168.0.11:443", "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"),
      ("[2001:db8::1]:1", "[::1]:65535", "PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"),
      // A zone is this machine's own.
      ("[fe80::1%1]:1", "[fe80::2%1]:2", "PROXY TCP6 fe80::1 fe80::2 1 2\r\n"),
      ("192.168.0.1:1", "[::1]:2", "PROXY TCP6 ::ffff:192.168.0.1 ::1 1 2\r\n"),
      ("[::1]:2", "192.168.0.1:1", "PROXY TCP6 ::1 ::ffff:192.168.0.1 2 1\r\n"),
    ])
  func text(source: String, destination: String, line: String) throws {
    #expect(try String(decoding: header(source, destination, .v1), as: UTF8.self) == line)
  }

  @Test("the longest lines have the lengths that the specification counts")
  func longest() throws {
    let (ipv4, ipv6) = ("255.255.255.255:65535", "[\(all)]:65535")
    #expect(
      try header(ipv4, ipv4, .v1) == Array("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n".utf8))
    #expect(try header(ipv4, ipv4, .v1).count == 56)
    #expect(try header(ipv6, ipv6, .v1) == Array("PROXY TCP6 \(all) \(all) 65535 65535\r\n".utf8))
    #expect(try header(ipv6, ipv6, .v1).count == 104)
  }

  @Test(
    "a line has no form for paths",
    arguments: [("unix:/tmp/a", "unix:/tmp/b"), ("unix:/tmp/a", "127.0.0.1:1"), ("127.0.0.1:1", "unix:")])
  func unknown(source: String, destination: String) throws {
    #expect(try header(source, destination, .v1) == Array("PROXY UNKNOWN\r\n".utf8))
  }

  // MARK: Version 2

  @Test("binary addresses of IPv4 take 12 bytes")
  func ipv4() throws {
    let expected: [UInt8] = [0x21, 0x11, 0, 12, 192, 168, 0, 1, 192, 168, 0, 11, 0xdc, 0x04, 0x01, 0xbb]
    #expect(try header("192.168.0.1:56324", "192.168.0.11:443", .v2) == signature + expected)
  }

  @Test("binary addresses of IPv6 take 36 bytes, those of two versions too")
  func ipv6() throws {
    let loopback = [UInt8](repeating: 0, count: 15) + [1]
    let documentation: [UInt8] = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff]
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 0, 1]
    let begin = signature + [0x21, 0x21, 0, 36]
    #expect(try header("[2001:db8::ff]:258", "[::1]:443", .v2) == begin + documentation + loopback + [1, 2, 1, 0xbb])
    #expect(try header("192.168.0.1:258", "[::1]:443", .v2) == begin + mapped + loopback + [1, 2, 1, 0xbb])
    #expect(try header("[::1]:443", "192.168.0.1:258", .v2) == begin + loopback + mapped + [1, 0xbb, 1, 2])
  }

  @Test("binary paths take 216 bytes, and a socket without a name is empty")
  func unix() throws {
    func padded(_ path: String) -> [UInt8] { Array(path.utf8) + Array(repeating: 0, count: 108 - path.utf8.count) }
    let begin = signature + [0x21, 0x31, 0, 216]
    #expect(try header("unix:/tmp/a", "unix:/run/b.sock", .v2) == begin + padded("/tmp/a") + padded("/run/b.sock"))
    #expect(try header("unix:", "unix:/run/b.sock", .v2) == begin + padded("") + padded("/run/b.sock"))
    let longest = "/" + String(repeating: "x", count: 106)
    #expect(try header("unix:\(longest)", "unix:\(longest)", .v2) == begin + padded(longest) + padded(longest))
  }

  @Test("a path and a host have no binary form together")
  func unspecified() throws {
    #expect(try header("unix:/tmp/a", "127.0.0.1:1", .v2) == signature + [0x21, 0x00, 0, 0])
  }

  @Test("headers with the same addresses are equal")
  func equality() throws {
    let header = ProxyHeader(source: try address("127.0.0.1:1"), destination: try address("127.0.0.1:2"))
    var other = header
    #expect(header == other)
    other.source = try address("127.0.0.1:3")
    #expect(header != other)
  }
}
