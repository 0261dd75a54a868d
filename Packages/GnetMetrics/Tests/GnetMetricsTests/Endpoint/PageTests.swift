import Gnet
import GnetMetrics
import TestPeers
import TestSupport
import Testing

@testable import MetricsClient

@Suite struct PageTests {
  /// An endpoint over `paths` that reads each as often as it can for viewers, for the length of `body`.
  private func withEndpoint(_ paths: [String], _ body: (Server, LiveFeed) throws -> Void) throws {
    let endpoint = PrometheusEndpoint(paths, timeout: .milliseconds(200), interval: .milliseconds(1)) { _ in }
    let running = try start([Listener("tcp://127.0.0.1:0", endpoint.service)], options: PrometheusEndpoint.options)
    try body(running.server, endpoint.feed)
    running.shutdown()
    try running.wait()
  }

  private func withEndpoint(_ paths: [String], _ body: (Server) throws -> Void) throws {
    try withEndpoint(paths) { server, _ in try body(server) }
  }

  private func get(_ server: Server, _ path: String, method: String = "GET") throws -> String {
    let client = try Client(server.addresses[0])
    try client.send("\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return String(decoding: try client.receiveToEnd(), as: UTF8.self)
  }

  /// A viewer of the feed.
  private struct Viewer {
    let client: Client
    private var rest: ArraySlice<UInt8> = []
    /// The head of the response.
    let head: String

    /// Connects, with a receive buffer of a given size if it is not the system's.
    init(of server: Server, receiveBuffer: Int32? = nil) throws {
      client = try Client(unconnectedTo: server.addresses[0])
      if let receiveBuffer { client.setReceiveBuffer(receiveBuffer) }
      try client.connect(to: server.addresses[0])
      // The answer to HTTP/1.0 has no chunks.
      try client.send("GET /events HTTP/1.0\r\n\r\n")
      head = try client.receive(through: "\r\n\r\n")
    }

    /// The next event, without the empty line behind it; empty at the end of the stream.
    mutating func next() throws -> String {
      var searched = rest.startIndex
      while true {
        let isEnd = { [rest] index in index + 1 < rest.endIndex && rest[index] == 10 && rest[index + 1] == 10 }
        if let end = rest.indices[searched...].first(where: isEnd) {
          defer { rest = rest[(end + 2)...] }
          return String(decoding: rest[..<end], as: UTF8.self)
        }
        searched = max(rest.startIndex, rest.endIndex - 1)
        let bytes = try client.receive()
        if bytes.isEmpty { return "" }
        rest += bytes
      }
    }

    /// The next event of which `condition` holds.
    mutating func next(where condition: (String) -> Bool) throws -> String {
      var event = try next()
      while !event.isEmpty && !condition(event) { event = try next() }
      return event
    }

    /// The number of the next snapshot, which the server counts.
    mutating func nextSequenceNumber() throws -> Int { try nextNumber("sequence_number") }

    /// A number of the next snapshot.
    mutating func nextNumber(_ name: String) throws -> Int {
      let event = try next { $0.contains("\"sequence_number\"") }
      let number = event.split(separator: "\"\(name)\":").last?.prefix(while: \.isNumber)
      return try #require(number.flatMap { Int($0) })
    }
  }

  @Test("the page is one document that loads nothing, and only its own script may run")
  func document() throws {
    try withEndpoint([Files.temporaryPath()]) { server in
      let answers = try (0..<2).map { _ in try get(server, "/") }
      for answer in answers {
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"))
        let policy = try #require(answer.firstMatch(of: #/Content-Security-Policy: ([^\r]*)\r\n/#)).1
        #expect(policy.hasPrefix("default-src 'none'; script-src 'nonce-") && !policy.contains("unsafe"))
        let nonce = try #require(policy.firstMatch(of: #/script-src 'nonce-([0-9a-f]{32})'/#)).1
        let elements = answer.matches(of: #/<(?:script|style)[^>]*>/#).map { String($0.0) }
        #expect(elements == ["<style nonce=\"\(nonce)\">", "<script nonce=\"\(nonce)\">"])
        #expect(!answer.contains("{{") && !answer.contains("src="))
        let addresses = answer.matches(of: #/(?:href="|url\()([^")]*)/#).map { String($0.1) }
        #expect(addresses.allSatisfy { $0.hasPrefix("data:") || $0 == "metrics" }, "\(addresses)")
      }
      let nonces = answers.map { $0.firstMatch(of: #/nonce-(\w+)/#)?.1 }
      #expect(nonces[0] != nonces[1])
    }
  }

  @Test("a viewer is told the sockets, and then the counters of each or the reason why there are none")
  func events() throws {
    let missing = Files.temporaryPath()
    try withServer(try TestServer(loops: 2)) { observed in
      try withEndpoint([observed.metrics, missing]) { server in
        var viewer = try Viewer(of: server)
        #expect(viewer.head.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"))
        let list = "{\"servers\":[\"\(observed.metrics)\",\"\(missing)\"],\"interval\":0.001}"
        #expect(try viewer.next() == "retry: 1000\nevent: servers\ndata: \(list)")
        let beginning = "data: {\"server\":\"\(observed.metrics)\",\"schema_version\":1,"
        let snapshot = try viewer.next { $0.hasPrefix(beginning) }
        #expect(snapshot.contains("\"loop_index\":1,"))
        let failure = try viewer.next { $0.contains(missing) }
        #expect(failure.hasPrefix("data: {\"server\":\"\(missing)\",\"error\":\"there is no such socket;"))
        #expect(try get(server, "/events", method: "HEAD").hasSuffix("\r\n\r\n"))
      }
    }
  }

  @Test("a socket is read for all viewers together")
  func sharing() throws {
    try withServer(try TestServer()) { observed in
      try withEndpoint([observed.metrics]) { server in
        var viewers = try (0..<20).map { _ in try Viewer(of: server) }
        for index in viewers.indices { _ = try viewers[index].nextSequenceNumber() }
        let (first, count) = (try viewers[0].nextSequenceNumber(), 50)
        var last = first
        for _ in 0..<count {
          let number = try viewers[0].nextSequenceNumber()
          // Twenty readings would lie between if each viewer had a reading of its own.
          #expect(number > last && number < last + 10)
          last = number
        }
        #expect(last < first + 5 * count)
      }
    }
  }

  @Test("no socket is read when nobody looks, and the readings begin again with the next viewer")
  func idleness() throws {
    try withServer(try TestServer()) { observed in
      try withEndpoint([observed.metrics]) { server, feed in
        var viewer = try Viewer(of: server)
        _ = try viewer.nextSequenceNumber()
        #expect(feed.isPolling)
        viewer.client.close()
        try require("the readings have ended") { !feed.isPolling }
        let first = try observed.snapshot().sequenceNumber
        let second = try observed.snapshot().sequenceNumber
        #expect(second == first + 1)
        var next = try Viewer(of: server)
        #expect(try next.nextSequenceNumber() > second)
      }
    }
  }

  @Test("a viewer that does not read skips events: what waits for it is bounded, and others are served")
  func slowViewer() throws {
    try withServer(try TestServer(loops: 16)) { observed in
      try withEndpoint([observed.metrics]) { server in
        var slow = try Viewer(of: server, receiveBuffer: 4096)
        let loop = server.loops[0]
        let watermark = PrometheusEndpoint.options.outboundHighWatermark
        try require("as much waits for it as may") { loop.statistics.pendingOutputBytes >= watermark }
        var other = try Viewer(of: server)
        // Some more events wait in front of the connection.
        for _ in 0..<40 { _ = try other.nextSequenceNumber() }
        #expect(loop.statistics.pendingOutputBytes < 2 * watermark)
        // The event that waited is whole, and behind it are events of the present.
        let present = try other.nextSequenceNumber()
        var numbers = [try slow.nextSequenceNumber()]
        while numbers.last! < present { numbers.append(try slow.nextSequenceNumber()) }
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
        #expect(numbers.count < numbers.last! - numbers[0] + 1)
      }
    }
  }

  @Test("a viewer too many is told so, and has a place when another has gone")
  func limit() throws {
    try withEndpoint([Files.temporaryPath()]) { server in
      var viewers = try (0..<LiveFeed.viewerLimit).map { _ in try Viewer(of: server) }
      #expect(try Viewer(of: server).head.hasPrefix("HTTP/1.1 503 "))
      viewers.removeLast().client.close()
      try require("there is a place") { try Viewer(of: server).head.hasPrefix("HTTP/1.1 200 ") }
    }
  }

  @Test("a viewer is told that a server has gone, and that it is back")
  func departure() throws {
    let path = Files.temporaryPath()
    let first = try TestServer(metrics: path)
    try withEndpoint([path]) { server in
      var viewer = try Viewer(of: server)
      let firstStart = try viewer.nextNumber("server_start_time")
      first.stop()
      #expect(try viewer.next { $0.contains("\"error\"") }.contains("there is no such socket"))
      try withServer(try TestServer(metrics: path)) { _ in
        let secondStart = try viewer.nextNumber("server_start_time")
        #expect(secondStart > firstStart)
      }
    }
  }

  @Test("a server that hangs holds up the events of no other")
  func hanging() throws {
    let hanging = try BadServer()
    defer { hanging.stop() }
    try withServer(try TestServer()) { observed in
      try withEndpoint([hanging.path, observed.metrics]) { server in
        var viewer = try Viewer(of: server)
        var numbers = 0
        let failure = try viewer.next {
          numbers += $0.contains("sequence_number") ? 1 : 0
          return $0.contains("\"error\"")
        }
        #expect(failure.contains("did not answer within") && numbers > 3)
      }
    }
  }

  @Test("a shutdown ends the streams of viewers, whole")
  func shutdown() throws {
    try withServer(try TestServer()) { observed in
      try withEndpoint([observed.metrics]) { server in
        var viewer = try Viewer(of: server)
        _ = try viewer.nextSequenceNumber()
        server.shutdown()
        var last = ""
        while case let event = try viewer.next(), !event.isEmpty { last = event }
        #expect(last.isEmpty || last.hasSuffix("}]}"))
      }
    }
  }
}
