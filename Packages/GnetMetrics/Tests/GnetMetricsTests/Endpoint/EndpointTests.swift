import Gnet
import GnetMetrics
import MetricsClient
import TestPeers
import TestSupport
import Testing

@Suite struct EndpointTests {
  /// The address of an endpoint over `paths`, for the length of `body`.
  private func withEndpoint(
    _ paths: [String], timeout: Duration = .seconds(20), _ body: (SocketAddress) throws -> Void
  ) throws {
    try withEndpointServer(paths, timeout: timeout) { try body($0.addresses[0]) }
  }

  private func withEndpointServer(
    _ paths: [String], timeout: Duration = .seconds(20), requestTimeout: Duration = .seconds(60),
    readingCount: Counter? = nil, _ body: (Server) throws -> Void
  ) throws {
    let endpoint = PrometheusEndpoint(paths, timeout: timeout, requestTimeout: requestTimeout) { _ in
      readingCount?.add()
    }
    let listener = Listener("tcp://127.0.0.1:0", endpoint.service)
    let running = try start([listener], options: PrometheusEndpoint.options)
    try body(running.server)
    running.shutdown()
    try running.wait()
  }

  private func get(_ address: SocketAddress, _ request: String) throws -> String {
    let client = try Client(address)
    try client.send(request)
    return String(decoding: try client.receiveToEnd(), as: UTF8.self)
  }

  private let metrics = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
  private let lastMetrics = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

  @Test("the metrics of several servers are one exposition; one that hangs has gnet_up 0 and the others are unaffected")
  func fleet() throws {
    let hanging = try BadServer()
    defer { hanging.stop() }
    try withServer(try TestServer()) { first in
      try withServer(try TestServer(loops: 2)) { second in
        try withEndpoint([first.metrics, hanging.path, second.metrics], timeout: .milliseconds(500)) { address in
          let response = try get(address, lastMetrics)
          #expect(response.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
          #expect(response.contains("\ngnet_up{server=\"\(first.metrics)\"} 1\n"))
          #expect(response.contains("\ngnet_up{server=\"\(hanging.path)\"} 0\n"))
          #expect(response.contains("\ngnet_reads_total{server=\"\(second.metrics)\",loop=\"1\"} 0\n"))
        }
      }
    }
  }

  @Test("the head of the metrics has these lines and no others; only the last answer of a connection tells of it")
  func head() throws {
    try withEndpoint([Files.temporaryPath()]) { address in
      let answers = try get(address, metrics + lastMetrics).split(separator: "HTTP/1.1 ")
      #expect(answers.count == 2)
      for (answer, last) in zip(answers, [[], ["Connection: close"]]) {
        let head = answer.prefix(upTo: try #require(answer.firstRange(of: "\r\n\r\n")).lowerBound)
        // A line's end is one character.
        let body = answer.dropFirst(head.count + 2)
        let lines = head.split(separator: "\r\n").map(String.init)
        let expected = [
          "200 OK", "Content-Type: text/plain; version=0.0.4; charset=utf-8", "Content-Length: \(body.utf8.count)",
        ]
        #expect(lines.prefix(3) == expected[...])
        #expect(lines.dropFirst(3).first?.hasPrefix("Date: ") == true && lines.dropFirst(4) == last[...])
      }
    }
  }

  @Test("a connection stays for more requests, which are answered in order")
  func keepAlive() throws {
    try withServer(try TestServer()) { server in
      try withEndpoint([server.metrics]) { address in
        let client = try Client(address)
        let missing = "GET /missing HTTP/1.1\r\nHost: x\r\n\r\n"
        let rounds = 50
        try client.send(String(repeating: metrics + missing, count: rounds) + lastMetrics)
        let text = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        let statuses = text.split(separator: "\r\n").compactMap { line in
          line.firstMatch(of: /HTTP\/1\.1 (\d+)/).map { String($0.1) }
        }
        #expect(statuses == Array(repeating: ["200", "404"], count: rounds).flatMap(\.self) + ["200"])
      }
    }
  }

  @Test("everything but GET and HEAD of what there is gets the status it deserves")
  func statuses() throws {
    try withEndpoint([Files.temporaryPath()]) { address in
      let close = "Connection: close\r\n\r\n"
      #expect(try get(address, "GET / HTTP/1.1\r\nHost: x\r\n\(close)").hasPrefix("HTTP/1.1 200 "))
      #expect(try get(address, "GET /x HTTP/1.1\r\nHost: x\r\n\(close)").hasPrefix("HTTP/1.1 404 "))
      let refused = try get(address, "POST /metrics HTTP/1.1\r\nHost: x\r\n\(close)")
      #expect(refused.hasPrefix("HTTP/1.1 405 ") && refused.contains("\r\nAllow: GET, HEAD, OPTIONS\r\n"))
      #expect(try get(address, "nonsense\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
      #expect(try get(address, String(repeating: "x", count: 10_000)).hasPrefix("HTTP/1.1 414 "))
      #expect(try get(address, "OPTIONS /metrics HTTP/1.0\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
      let long = "GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "x", count: 40_000))\r\n"
      #expect(try get(address, long).hasPrefix("HTTP/1.1 431 "))
      #expect(try get(address, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx").hasPrefix("HTTP/1.1 413 "))
      let head = try get(address, "HEAD /metrics HTTP/1.0\r\n\r\n")
      #expect(head.hasPrefix("HTTP/1.1 200 ") && head.hasSuffix("\r\n\r\n"))
      #expect(!head.contains("Content-Length: 0\r\n"))
    }
  }

  @Test("a client that speaks TLS, ends lines with LF alone or sends garbage gets a 400, and is closed")
  func foreignProtocols() throws {
    try withEndpoint([Files.temporaryPath()]) { address in
      let hello: [UInt8] = [0x16, 0x03, 0x01, 0x00, 0xF8, 0x01, 0x00, 0x00, 0xF4, 0x03, 0x03]
      for bytes in [hello, Array("GET /metrics HTTP/1.1\n".utf8), [0xFF, 0x00, 0x80]] {
        let client = try Client(address)
        try client.send(bytes)
        #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 400 "))
      }
    }
  }

  @Test("a client that does not finish its request is told so and closed, also if bytes still come")
  func endlessRequest() throws {
    try withEndpointServer([Files.temporaryPath()], requestTimeout: .milliseconds(300)) { endpoint in
      let client = try Client(endpoint.addresses[0])
      try client.send("GET /metrics HTTP/1.1\r\n")
      let start = ContinuousClock.now
      while !client.isReadable(within: .milliseconds(20)), start.duration(to: .now) < .seconds(20) {
        try client.send("A: b\r\n")
      }
      #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
    }
  }

  @Test("an empty line in front of a request is skipped once, wherever the next one begins")
  func emptyLines() throws {
    try withEndpoint([Files.temporaryPath()]) { address in
      let skipped = try get(address, "\r\nGET / HTTP/1.0\r\n\r\n")
      let refused = try get(address, "\r\n\r\nGET / HTTP/1.0\r\n\r\n")
      #expect(skipped.hasPrefix("HTTP/1.1 200 ") && refused.hasPrefix("HTTP/1.1 400 "))
    }
  }

  @Test("probes are told of servers that are missing, draining, or have a stuck loop")
  func probes() throws {
    func answer(_ address: SocketAddress, _ path: String) throws -> String {
      try get(address, "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    }
    var events = Events.echo
    events.onShutdown = { _ in .none }
    let missing = Files.temporaryPath()
    try withServer(try TestServer(events: events)) { server in
      _ = try server.snapshot(where: "the server serves") { $0.state == .serving }
      try withEndpoint([server.metrics]) { address in
        for path in ["/healthz", "/readyz"] {
          let text = try answer(address, path)
          #expect(text.hasPrefix("HTTP/1.1 200 ") && text.hasSuffix("\r\n\r\n\(server.metrics): serving\n"))
        }
        let client = try Client(server.addresses[0])
        try client.send("x")
        #expect(try client.receive(exactly: 1) == [120])
        server.server.shutdown()
        _ = try server.snapshot(where: "the server drains") { $0.state == .draining }
        #expect(try answer(address, "/healthz").hasPrefix("HTTP/1.1 200 "))
        let text = try answer(address, "/readyz")
        #expect(text.hasPrefix("HTTP/1.1 503 ") && text.hasSuffix("\(server.metrics): draining\n"))
        client.close()
      }
      try withEndpoint([missing]) { address in
        let (alive, ready) = (try answer(address, "/healthz"), try answer(address, "/readyz"))
        #expect(alive.hasPrefix("HTTP/1.1 503 "))
        #expect(ready.hasPrefix("HTTP/1.1 503 ") && ready.hasSuffix("\r\n\r\n\(missing): missing\n"))
      }
    }
  }

  @Test("a server whose loop is stuck for too long is not alive, and others are what they say")
  func health() {
    var snapshot = MetricsSnapshot()
    snapshot.loops = [MetricsSnapshot.LoopCounters(index: 0), MetricsSnapshot.LoopCounters(index: 1)]
    #expect(snapshot.health() == .serving)
    for (state, health) in [(MetricsSnapshot.State.starting, ServerHealth.starting), (.draining, .draining)] {
      snapshot.state = state
      #expect(snapshot.health() == health && health.isAlive && !health.isReady)
    }
    snapshot.state = .serving
    snapshot.loops[1].turnAge = 5_000_000_001
    #expect(snapshot.health() == .stuck && !snapshot.health().isAlive && !snapshot.health().isReady)
    #expect(snapshot.health(stallLimit: .seconds(6)) == .serving)
  }

  @Test("a client is answered while others wait for sockets that hang")
  func independence() throws {
    let hanging = try BadServer()
    defer { hanging.stop() }
    try withEndpoint([hanging.path], timeout: .seconds(2)) { address in
      let waiting = try (0..<3).map { _ in try Client(address) }
      for client in waiting { try client.send(lastMetrics) }
      let start = ContinuousClock.now
      #expect(try get(address, "GET / HTTP/1.0\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
      #expect(start.duration(to: .now) < .seconds(2))
      for client in waiting {
        #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self).contains("gnet_up"))
      }
    }
  }

  @Test("clients that ask while sockets are read share the next reading")
  func sharing() throws {
    let hanging = try BadServer()
    defer { hanging.stop() }
    let readingCount = Counter()
    try withEndpointServer([hanging.path], timeout: .milliseconds(200), readingCount: readingCount) { endpoint in
      let clients = try (0..<150).map { _ in try Client(endpoint.addresses[0]) }
      for client in clients { try client.send(lastMetrics) }
      for client in clients {
        #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 200 "))
      }
    }
    #expect(readingCount.value < 75)
  }

  @Test("more clients than there may be are closed, and those that wait for an answer get it")
  func overload() throws {
    try Descriptors.allow(4096)
    let hanging = try BadServer()
    let (limit, excess) = (512, 20)
    try withEndpointServer([hanging.path]) { endpoint in
      let clients = try (0..<(limit + excess)).map { _ in
        let client = try Client(endpoint.addresses[0])
        try client.send(lastMetrics)
        return client
      }
      // The clients, and the connection to the socket.
      try require("the others are closed") {
        let counts = endpoint.loops[0].statistics
        return counts.accepts == clients.count && counts.connectionsActive == limit + 1
      }
      hanging.stop()
      let answers = clients.map { String(decoding: (try? $0.receiveToEnd()) ?? [], as: UTF8.self) }
      #expect(answers.count { $0.hasPrefix("HTTP/1.1 200 ") } == limit)
      #expect(answers.count(where: \.isEmpty) == excess)
    }
  }

  @Test("a request that comes with the shutdown is answered with numbers or refused: no server seems to be down")
  func requestAtShutdown() throws {
    try withServer(try TestServer()) { server in
      try withEndpointServer([server.metrics]) { endpoint in
        let client = try Client(endpoint.addresses[0])
        try client.send("GET /missing HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try client.receive(upTo: 4096)
        let gate = Gate()
        endpoint.loops[0].schedule(after: .zero) { gate.pass() }.keep()
        try require("the loop is held") { gate.arrived == 1 }
        try client.send(metrics)
        endpoint.shutdown()
        gate.open()
        let answer = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        #expect(
          answer.hasPrefix("HTTP/1.1 503 ") || answer.contains("\ngnet_up{server=\"\(server.metrics)\"} 1\n"))
      }
    }
  }

  @Test("clients that ask nothing keep nobody out: the quietest are closed for others")
  func idleClients() throws {
    try Descriptors.allow(4096)
    try withServer(try TestServer()) { server in
      try withEndpoint([server.metrics]) { address in
        let regular = try Client(address)
        var idle: [Client] = []
        for _ in 0..<4 {
          try regular.send("GET /missing HTTP/1.1\r\nHost: x\r\n\r\n")
          #expect(String(decoding: try regular.receive(upTo: 4096), as: UTF8.self).hasPrefix("HTTP/1.1 404 "))
          for _ in 0..<250 { idle.append(try Client(address)) }
        }
        #expect(try get(address, lastMetrics).contains("\ngnet_up{server=\"\(server.metrics)\"} 1\n"))
        #expect(try idle[0].receiveToEnd().isEmpty)
        for client in idle { client.close() }
      }
    }
  }

  @Test("a client that goes away in the middle harms nobody")
  func goneClients() throws {
    try withServer(try TestServer()) { server in
      try withEndpoint([server.metrics]) { address in
        for index in 0..<100 {
          let client = try Client(address)
          try client.send(index % 2 == 0 ? metrics : "GET /met")
          client.close()
        }
        #expect(try get(address, lastMetrics).contains("gnet_up{server=\"\(server.metrics)\"} 1\n"))
      }
    }
  }

  @Test("a client that sends a byte at a time is served, and others meanwhile")
  func slowClient() throws {
    try withServer(try TestServer()) { server in
      try withEndpoint([server.metrics]) { address in
        let slow = try Client(address)
        for byte in lastMetrics.utf8 {
          try slow.send([byte])
          guard byte == UInt8(ascii: "\n") else { continue }
          #expect(try get(address, "GET / HTTP/1.0\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
        }
        #expect(String(decoding: try slow.receiveToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 200 "))
      }
    }
  }

  @Test("a client that asks on and does not read is not answered for ever, and others are served")
  func greedyClient() throws {
    try withServer(try TestServer(loops: 16)) { server in
      try withEndpointServer([server.metrics]) { endpoint in
        let limit = PrometheusEndpoint.options.outboundHighWatermark
        let greedy = try Client(endpoint.addresses[0])
        try greedy.send(String(repeating: "GET /metrics HTTP/1.1\r\nHost:\r\n\r\n", count: 900))
        try require("more waits for it than it may leave") { endpoint.loops[0].statistics.pendingOutputBytes > limit }
        let answer = try get(endpoint.addresses[0], lastMetrics)
        // In the time that these answers take, as many clients would be added.
        for _ in 0..<30 { #expect(try get(endpoint.addresses[0], lastMetrics).contains("gnet_up")) }
        #expect(endpoint.loops[0].statistics.pendingOutputBytes < limit + 4 * answer.count)
      }
    }
  }
}
