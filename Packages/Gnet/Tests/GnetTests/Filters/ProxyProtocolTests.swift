import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("listeners behind a proxy that speaks the PROXY protocol") struct ProxyProtocolTests {
  private static let told = ProxyHeader(
    source: SocketAddress("192.0.2.1:4711")!, destination: SocketAddress("198.51.100.2:443")!)

  /// Answers with the peer's address, and then what has come.
  private static func service(opened: Counter = Counter()) -> Service {
    var events = Events()
    events.onOpened = { _ in opened.note() }
    events.react = { connection, input in
      let destination = connection.proxyHeader.map { ", \($0.destination)" } ?? ""
      connection.write("\(connection.remoteAddress)\(destination): ")
      connection.write(moving: &input)
      return .none
    }
    return Service(events)
  }

  private func withProxyProtocol(
    _ proxyProtocol: ProxyProtocol, opened: Counter = Counter(), transport: StreamTransport = .tcp4,
    filter: ConnectionFilter.Factory? = nil, _ body: (Server) throws -> Void
  ) throws {
    let listener = Listener(
      transport.address(), Self.service(opened: opened), filter: filter, proxyProtocol: proxyProtocol)
    try withListeners([listener], options: Options(loopCount: 1), body)
  }

  @Test(
    "the address that a header tells is the peer's, and what follows is the connection's own",
    arguments: ProxyHeader.Version.allCases, StreamTransport.allCases)
  func told(version: ProxyHeader.Version, transport: StreamTransport) throws {
    try withProxyProtocol(.required, transport: transport) { server in
      let bytes = Self.told.encoded(version) + Array("hello".utf8)
      for cut in 0...bytes.count - 5 {
        let client = try Client(server.addresses[0])
        try client.send(Array(bytes[..<cut]))
        try client.send(Array(bytes[cut...]))
        #expect(try client.receive(through: "hello") == "192.0.2.1:4711, 198.51.100.2:443: hello", "cut at \(cut)")
        client.close()
      }
      try require("all have gone") { server.connectionCount == 0 }
    }
  }

  @Test("a header that tells no address leaves the socket's", arguments: ["PROXY UNKNOWN\r\n", "v2"])
  func unknown(text: String) throws {
    let local: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x20, 0, 0, 0]
    try withProxyProtocol(.required) { server in
      let client = try Client(server.addresses[0])
      try client.send((text == "v2" ? local : Array(text.utf8)) + Array("hello".utf8))
      #expect(try client.receive(through: "hello") == "\(client.localAddress): hello")
    }
  }

  @Test(
    "a connection without a header, or with a bad one, is closed and calls nothing",
    arguments: ["GET / HTTP/1.1\r\n\r\n", "PROXY TCP4 1.2.3.4 nonsense\r\n", "\r\n\r\n\u{0}\r\nQUIT\n\u{31}\u{11}"])
  func refused(text: String) throws {
    let opened = Counter()
    try withProxyProtocol(.required, opened: opened) { server in
      let client = try Client(server.addresses[0])
      try client.send(text)
      // More may be on its way: the end may be a reset.
      #expect(((try? client.receiveToEnd()) ?? []).isEmpty)
      try require("it is counted") { server.loops[0].statistics.filterFailures == 1 }
      #expect(opened.value == 0 && server.connectionCount == 0)
    }
  }

  @Test("an optional header may be there or not")
  func optional() throws {
    let opened = Counter()
    try withProxyProtocol(.optional, opened: opened) { server in
      let (with, without, silent) = (
        try Client(server.addresses[0]), try Client(server.addresses[0]), try Client(server.addresses[0])
      )
      try with.send(Self.told.encoded(.v2) + Array("hello".utf8))
      #expect(try with.receive(through: "hello") == "192.0.2.1:4711, 198.51.100.2:443: hello")
      try without.send("PRINT")
      #expect(try without.receive(through: "PRINT") == "\(without.localAddress): PRINT")
      // The first bytes decide.
      #expect(opened.value == 2)
      try silent.send("PROXY nonsense\r\n")
      #expect(((try? silent.receiveToEnd()) ?? []).isEmpty)
    }
  }

  @Test("only trusted sources are believed")
  func trust() throws {
    let header = Self.told.encoded(.v1)
    try withProxyProtocol(.required.trusting("10.0.0.0/8", "::1")) { server in
      let client = try Client(server.addresses[0])
      try? client.send(header + Array("hello".utf8))
      #expect(((try? client.receiveToEnd()) ?? []).isEmpty)
      try require("it is counted") { server.loops[0].statistics.filterFailures == 1 }
    }
    try withProxyProtocol(.required.trusting("127.0.0.0/8")) { server in
      let client = try Client(server.addresses[0])
      try client.send(header + Array("hello".utf8))
      #expect(try client.receive(through: "hello") == "192.0.2.1:4711, 198.51.100.2:443: hello")
    }
    try withProxyProtocol(.optional.trusting("10.0.0.1")) { server in
      let client = try Client(server.addresses[0])
      try client.send(header)
      let expected = "\(try client.localAddress): " + String(decoding: header, as: UTF8.self)
      #expect(try client.receiveText(expected.utf8.count) == expected)
    }
    try withProxyProtocol(.required.trusting("10.0.0.1"), transport: .unix) { server in
      let client = try Client(server.addresses[0])
      try client.send(header + Array("hello".utf8))
      #expect(try client.receive(through: "hello") == "192.0.2.1:4711, 198.51.100.2:443: hello")
    }
  }

  @Test(
    "a network that cannot be understood is told at the start", arguments: ["localhost", "10.0.0.0/33", "", "::1/x"])
  func badNetwork(text: String) {
    let listener = Listener("tcp://127.0.0.1:0", Service(.echo), proxyProtocol: .optional.trusting(text))
    let error = #expect(throws: ServeError.self) { try start([listener]).shutdown() }
    #expect(error.map { "\($0)" }?.contains("a numeric address or network is needed") == true)
  }

  @Test("datagrams have no headers")
  func datagrams() {
    let listener = Listener("udp://127.0.0.1:0", Service(.echo), proxyProtocol: .optional)
    #expect(throws: ServeError.self) { try start([listener]).shutdown() }
  }

  @Test("the header comes below the filter, which learns the told address")
  func belowFilter() throws {
    let contexts = Log<FilterContext>()
    let filter: ConnectionFilter.Factory = { context in
      contexts.add(context)
      return Framing(context)
    }
    try withProxyProtocol(.required, filter: filter) { server in
      let client = try Client(server.addresses[0])
      try client.send(Self.told.encoded(.v2))
      try client.makeHandshake()
      try client.send(Framing.frame("hello"))
      var answer = ""
      while !answer.hasSuffix("hello") { answer += try client.receiveFrame() ?? "hello" }
      #expect(answer == "192.0.2.1:4711, 198.51.100.2:443: hello")
      #expect(contexts.values.map(\.remoteAddress) == [Self.told.source])
      #expect(contexts.values.map(\.localAddress) == server.addresses)
    }
  }

  @Test("a request that has come with its header before a shutdown is answered")
  func shutdown() throws {
    let listener = Listener("tcp://127.0.0.1:0", Self.service(), proxyProtocol: .required)
    let running = try start([listener])
    let clients = try (0..<20).map { _ in try Client(running.server.addresses[0]) }
    for client in clients { try client.send(Self.told.encoded(.v2) + Array("hello".utf8)) }
    running.shutdown()
    for client in clients {
      #expect(try client.receiveToEnd() == Array("192.0.2.1:4711, 198.51.100.2:443: hello".utf8))
    }
    for client in clients { client.close() }
    try running.wait()
  }

  @Test("curl's header is understood", .needs("curl"))
  func curl() throws {
    let events = Events { connection, input in
      guard String(decoding: input.readAll(), as: UTF8.self).hasSuffix("\r\n\r\n") else { return .none }
      connection.write("HTTP/1.0 200 OK\r\n\r\n\(connection.proxyHeader.map { "\($0.source)" } ?? "no header")")
      return .close
    }
    let listener = Listener("tcp://127.0.0.1:0", Service(events), proxyProtocol: .required)
    try withListeners([listener]) { server in
      let arguments = ["-s", "--noproxy", "*", "--haproxy-protocol", "-w", " %{local_ip}:%{local_port}"]
      let (status, output, _) = try Program("curl", arguments + ["http://\(server.addresses[0])/"]).result()
      #expect(status == 0)
      let addresses = output.split(separator: " ")
      #expect(addresses.count == 2 && addresses.first == addresses.last, "\(output)")
    }
  }

  @Test("HAProxy's headers are understood", .needs("haproxy"), arguments: ["send-proxy", "send-proxy-v2"])
  func haproxy(option: String) throws {
    try withProxyProtocol(.required) { server in
      // HAProxy tells its server what it is told itself.
      let haproxy = try HAProxy(mode: "tcp", acceptsHeader: true, "server app \(server.addresses[0]) \(option)")
      let client = try Client(path: haproxy.path)
      try client.send(Self.told.encoded(.v2) + Array("hello".utf8))
      #expect(try client.receive(through: "hello") == "192.0.2.1:4711, 198.51.100.2:443: hello")
    }
  }

  @Test("networks have their addresses, and no others")
  func networks() throws {
    func contains(_ network: String, _ address: String) throws -> Bool {
      try #require(AddressRange(network)).contains(try #require(SocketAddress(numericHost: address, port: 9)))
    }
    #expect(try contains("10.0.0.0/8", "10.255.1.2") && !contains("10.0.0.0/8", "11.0.0.0"))
    #expect(try contains("192.0.2.17", "192.0.2.17") && !contains("192.0.2.17", "192.0.2.16"))
    #expect(try contains("0.0.0.0/0", "255.1.2.3") && !contains("0.0.0.0/0", "::1"))
    #expect(try contains("10.1.2.128/25", "10.1.2.255") && !contains("10.1.2.128/25", "10.1.2.127"))
    #expect(try contains("2001:db8::/33", "2001:db8:7fff::1") && !contains("2001:db8::/33", "2001:db8:8000::1"))
    #expect(try contains("2001:db8::1:0/112", "2001:db8::1:ffff") && !contains("2001:db8::1:0/112", "2001:db8::2:0"))
    #expect(try contains("::/0", "ffff::1") && !contains("::/0", "1.2.3.4"))
    for text in ["10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "/8", "fe80::1%1", "::ffff:1.2.3.4/96", "10.0.0.0/8/8"] {
      #expect(AddressRange(text) == nil, "\(text)")
    }
  }
}
