import Gnet
import GnetHTTP
import GnetTesting
import TestPeers
import Testing

/// The example on a simulated network.
@Suite("http")
struct HTTPTests {
  @Test("each route answers as it should", arguments: [1, 2])
  func routes(loops: Int) throws {
    try SimulatedExample.runHTTP(loops: loops) { http in
      let client = http.connectHTTP()
      func require(_ holds: Bool, _ request: String) throws { try http.require(holds, "the answer to \(request)") }
      let page = try client.answer(to: get("/"))
      try require(page.status == 200 && page.body.contains("</html>"), "/")
      try require(page.fields["content-type"]?.hasPrefix("text/html") == true, "/")
      let date = page.fields["date"] ?? ""
      try require(date.wholeMatch(of: /[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/) != nil, "/")
      try require(page.fields["connection"] == nil, "/")
      let head = try client.answer(to: "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", isHead: true)
      try require(head.status == 200 && head.fields["content-length"] == page.fields["content-length"], "HEAD")
      let json = try client.answer(to: get("http://x/json"))
      try require(json.fields["content-type"] == "application/json", "/json")
      for (request, body) in [
        (get("/plaintext?x=/y"), "Hello, World!"), (get("/%70laintext"), "Hello, World!"),
        (get("http://x/json"), #"{"message":"Hello, World!"}"#), (get("/echo").replacing("GET", with: "POST"), ""),
        (post(chunks: "3\r\nabc\r\n0\r\n\r\n"), "abc"), (get("/delay/0"), "0 ms later\n"),
        (get("/delay/007?1"), "7 ms later\n"),
      ] {
        let answer = try client.answer(to: request)
        try require(answer.status == 200 && answer.body == body, request)
      }
      for path in [
        "/x", "/plaintext/", "/Plaintext", "/delay", "/delay/", "/delay/60001", "/delay/-1", "/delay/+1",
        "/delay/1.5", "/delay/99999999999999999999", "/delay/1/",
      ] {
        try require(try client.answer(to: get(path)).status == 404, path)
      }
      for (method, path, allowed) in [
        ("POST", "/", "GET, HEAD, OPTIONS"), ("DELETE", "/json", "GET, HEAD, OPTIONS"),
        ("PUT", "/delay/1", "GET, HEAD, OPTIONS"), ("GET", "/echo", "POST, OPTIONS"),
        ("TRACE", "/plaintext", "GET, HEAD, OPTIONS"),
      ] {
        let refused = try client.answer(to: get(path).replacing("GET", with: method))
        try require(refused.status == 405 && refused.fields["allow"] == allowed, "\(method) \(path)")
      }
      for method in ["BREW", "get"] {
        try require(try client.answer(to: get("/").replacing("GET", with: method)).status == 501, method)
      }
    }
  }

  @Test(
    "OPTIONS on what exists is answered with its methods: HAProxy checks servers in this way",
    arguments: ["1.0", "1.1"])
  func options(version: String) throws {
    try SimulatedExample.runHTTP { http in
      func answer(_ path: String) throws -> HTTPClient.Response {
        try http.connectHTTP().answer(to: "OPTIONS \(path) HTTP/\(version)\r\nHost: x\r\n\r\n")
      }
      for (path, allowed) in [
        ("/", "GET, HEAD, OPTIONS"), ("/json", "GET, HEAD, OPTIONS"), ("/delay/1000", "GET, HEAD, OPTIONS"),
        ("/echo", "POST, OPTIONS"), ("*", "GET, HEAD, POST, OPTIONS"),
      ] {
        let options = try answer(path)
        try http.require(
          options.status == 204 && options.fields["allow"] == allowed && options.body.isEmpty, "\(path): \(options)")
      }
      try http.require(try answer("/x").status == 404, "/x exists")
    }
  }

  @Test("a connection stays open as long as the client wants it")
  func persistence() throws {
    try SimulatedExample.runHTTP { http in
      for request in [
        get("/", "Connection: close\r\n"), "GET / HTTP/1.0\r\n\r\n", get("/delay/1", "Connection: close\r\n"),
        "GET /delay/1 HTTP/1.0\r\n\r\n",
      ] {
        let client = http.connectHTTP()
        let response = try client.answer(to: request + get("/never"))
        try http.require(response.fields["connection"] == "close", "\(response)")
        try client.expectEnd()
      }
      let client = http.connectHTTP()
      for _ in 0..<3 {
        let response = try client.answer(to: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        try http.require(response.fields["connection"] == "keep-alive", "\(response)")
      }
      client.finish()
      try client.expectEnd()
    }
  }

  @Test("pipelined requests are answered in order, those that arrive at once by one send", arguments: [1, 2])
  func pipelining(loops: Int) throws {
    let paths = (0..<100).map { ["/plaintext", "/json", "/nothing", "/"][$0 % 4] }
    try SimulatedExample.runHTTP(loops: loops) { http in
      http.simulation.network.splitProbability = 0
      let client = http.connectHTTP()
      client.send(paths.map { get($0) }.joined())
      let answers = try paths.map { _ in try client.response() }
      try http.require(answers.map(\.status) == paths.map { $0 == "/nothing" ? 404 : 200 }, "\(answers)")
      try http.require(answers[99].body.hasSuffix("</html>\n"), "\(answers[99])")
      try http.require(http.total(\.writes) == http.total(\.reads), "\(http.total(\.writes)) writes")
    }
  }

  @Test("a client that reads late gets all the answers to a long pipeline", arguments: [1, 2])
  func lateReader(loops: Int) throws {
    var options = Options.http
    options.outboundHighWatermark = 20_000
    try SimulatedExample.runHTTP(server: options, loops: loops, seeds: 0..<5) { http in
      http.simulation.network.bufferCapacity = 4096
      let client = http.connectHTTP()
      client.isReadingPaused = true
      let head = "GET / HTTP/1.1\r\nHost: x\r\n"
      // The answers have more bytes than the server keeps; the last request arrives in two pieces.
      client.send(String(repeating: head + "\r\n", count: 100) + head)
      http.simulation.run(for: .seconds(1))
      try http.require(http.total(\.pendingOutputBytes) < 30_000, "\(http.total(\.pendingOutputBytes)) bytes wait")
      client.isReadingPaused = false
      for _ in 0..<100 { try http.require(try client.response().status == 200, "an answer is another") }
      try http.require(try client.answer(to: "Connection: close\r\n\r\n").status == 200, "the last is another")
      try client.expectEnd()
    }
  }

  @Test("what follows a delayed request waits for it, and leaves with its answer", arguments: [1, 2])
  func delayInTheMiddle(loops: Int) throws {
    let paths = ["/json", "/delay/100", "/plaintext", "/nothing", "/delay/50", "/plaintext"]
    try SimulatedExample.runHTTP(loops: loops) { http in
      http.simulation.network.splitProbability = 0
      http.simulation.network.delay = .milliseconds(1)...(.milliseconds(1))
      let client = http.connectHTTP()
      client.send(paths.map { get($0) }.joined())
      var moments: [Int] = []
      for path in paths {
        try http.require(try client.response().status == (path == "/nothing" ? 404 : 200), "the answer to \(path)")
        moments.append(Int(http.simulation.now / .milliseconds(1)))
      }
      let pauses = zip(moments, moments.dropFirst()).map { $1 - $0 }
      try http.require(pauses[0] >= 100 && pauses[3] >= 50, "\(pauses)")
      try http.require(pauses[1] == 0 && pauses[2] == 0 && pauses[4] == 0, "\(pauses)")
      try http.require(http.total(\.writes) == 3, "\(http.total(\.writes)) writes")
    }
  }

  @Test("a delay takes its time, and keeps nobody else waiting")
  func delay() throws {
    try SimulatedExample.runHTTP { http in
      let slow = (0..<20).map { _ in http.connectHTTP() }
      for client in slow { client.send(get("/delay/400")) }
      try http.expectService()
      http.simulation.run(for: .milliseconds(380))
      try http.require(!slow.contains(where: \.isReadable), "an answer is early")
      http.simulation.run(for: .milliseconds(60))
      for client in slow { try http.require(try client.response().body == "400 ms later\n", "another answer") }
      try http.require(http.simulation.now < .milliseconds(500), "the answers are late")
    }
  }

  @Test("a client that ends its stream behind its requests gets all answers, then the end", arguments: [1, 2])
  func halfClose(loops: Int) throws {
    try SimulatedExample.runHTTP(loops: loops) { http in
      for requests in [
        [], [get("/plaintext")], [get("/delay/30")], [get("/plaintext"), get("/delay/30"), get("/json")],
      ] {
        let client = http.connectHTTP()
        client.send(requests.joined())
        client.finish()
        for _ in requests { try http.require(try client.response().status == 200, "another answer") }
        try client.expectEnd()
      }
    }
  }

  @Test("a client may hold back a body until it is asked for it")
  func expectation() throws {
    let head = "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    try SimulatedExample.runHTTP { http in
      let client = http.connectHTTP()
      func expect(_ status: Int, _ body: String) throws {
        let response = try client.response()
        try http.require(response.status == status && response.body == body, "\(response)")
      }
      client.send(get("/plaintext") + head)
      try expect(200, "Hello, World!")
      try expect(100, "")
      client.send("ab")
      client.send("cde")
      try expect(200, "abcde")
      // Not asked for what comes along.
      http.simulation.network.splitProbability = 0
      client.send(head + "fghij")
      try expect(200, "fghij")
      client.send(head.replacing("1.1", with: "1.0"))
      client.send("12345")
      try expect(200, "12345")
      try client.expectEnd()
    }
  }

  @Test("/ws is a WebSocket that sends messages back, and a plain request for it is refused")
  func webSocket() throws {
    try SimulatedExample.runHTTP { http in
      let client = http.connectHTTP()
      try http.require(try client.answer(to: get("/ws")).status == 426, "a plain request is not refused")
      let upgrade = try client.answer(
        to: get(
          "/ws",
          "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"))
      try http.require(upgrade.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "\(upgrade)")
      // A text, a mask of zeros, and a close.
      client.send([0x81, 0x82, 0, 0, 0, 0] + Array("hi".utf8) + [0x88, 0x80, 0, 0, 0, 0])
      let frames = try client.toEnd()
      try http.require(frames == "\u{FFFD}\u{2}hi\u{FFFD}\u{0}", frames)
    }
  }

  @Test("a time-out that makes no sense is exit code 64", arguments: ["0", "-1", "x", "nan", "4000"])
  func badTimeout(timeout: String) throws {
    let http = try Program("http", ["--request-timeout=\(timeout)"])
    #expect(http.errorsToEnd().contains("--request-timeout"))
    #expect(http.exitCode() == 64)
  }
}
