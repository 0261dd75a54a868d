import Gnet
import GnetTesting
import Testing

@Suite("proxy, the PROXY header")
struct ProxyHeaderTests {
  @Test(
    "a backend is told the client's address before anything else",
    arguments: ProxyHeader.Version.allCases, SimulatedBackend.Family.allCases)
  func header(version: ProxyHeader.Version, family: SimulatedBackend.Family) throws {
    try SimulatedProxy.run(to: [.ipv4, .ipv6, .unix], .init(header: version)) { proxy in
      for (index, count) in [0, 5, 2000].enumerated() {
        let backend = proxy.backends[index]
        backend.listen()
        // Others refuse meanwhile.
        let early = proxy.bytes(count)
        let client = proxy.connect(over: family)
        client.send(early)
        client.endOutput()
        let peer = try proxy.accept(backend)
        let received = try proxy.rest(of: peer)
        let header = Self.header(version, of: client.address, to: proxy)
        try proxy.require(received.starts(with: header), String(decoding: received.prefix(120), as: UTF8.self))
        try proxy.require(received.dropFirst(header.count).elementsEqual(early), "other bytes follow the header")
        peer.endOutput()
        try proxy.expectEnd(of: client)
        backend.close()
      }
    }
  }

  /// The header of a client.
  private static func header(
    _ version: ProxyHeader.Version, of client: SocketAddress, to proxy: SimulatedProxy
  ) -> [UInt8] {
    let localhost = proxy.simulation.localhost
    let hosts = [client, client.family == .ipv4 ? localhost.address : localhost.addressIPv6].map { $0.host ?? "" }
    let ports = [client.port ?? 0, 9000]
    switch (version, client.family) {
    case (.v1, .unix): return Array("PROXY UNKNOWN\r\n".utf8)
    case (.v1, let family):
      let addresses = (hosts + ports.map(String.init)).joined(separator: " ")
      return Array("PROXY \(family == .ipv4 ? "TCP4" : "TCP6") \(addresses)\r\n".utf8)
    case (.v2, .ipv4): return signature + [0x21, 0x11, 0, 12] + hosts.flatMap(bytesIPv4) + ports.flatMap(bytes)
    case (.v2, .ipv6): return signature + [0x21, 0x21, 0, 36] + hosts.flatMap(bytesIPv6) + ports.flatMap(bytes)
    case (.v2, .unix):
      // The name of a client begins with a zero.
      let name = [0] + Array((client.path ?? "").utf8.dropFirst())
      let paths = [name, Array("/run/proxy".utf8)].map { $0 + [UInt8](repeating: 0, count: 108 - $0.count) }
      return signature + [0x21, 0x31, 0, 216] + paths.joined()
    }
  }

  private static let signature: [UInt8] = [
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
  ]

  private static func bytes(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }

  private static func bytesIPv4(_ address: String) -> [UInt8] { address.split(separator: ".").compactMap { UInt8($0) } }

  /// The bytes of an address with two groups, such as `fd00::2`.
  private static func bytesIPv6(_ address: String) -> [UInt8] {
    let groups = address.split(separator: "::").compactMap { Int($0, radix: 16) }.map(bytes)
    return groups[0] + [UInt8](repeating: 0, count: 12) + groups[1]
  }

  @Test("a backend that speaks first is heard before the client has said anything", arguments: [1, 2])
  func speaksFirst(loops: Int) throws {
    try SimulatedProxy.run(to: [.ipv4], .init(header: .v1, loops: loops)) { proxy in
      proxy.backends[0].listen()
      let (client, backend) = try proxy.pair(proxy.backends[0])
      try proxy.simulation.run(until: { backend.receivedText.hasSuffix("\r\n") })
      _ = backend.receive()
      backend.send("220 hello")
      try proxy.expect("220 hello", at: client)
      client.send("QUIT")
      try proxy.expect("QUIT", at: backend)
    }
  }
}
