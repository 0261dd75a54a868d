import Foundation
import TestPeers
import Testing

@Suite("http")
struct HTTPTests {
  @Test("each route answers as it should", arguments: [1, 2])
  func routes(loops: Int) throws {
    let server = try HTTPServer(loops: loops)
    let client = try server.connect()
    func answer(_ request: String, isHead: Bool = false) throws -> HTTPClient.Response {
      client.send(request)
      return try #require(client.response(isHead: isHead))
    }
    let page = try answer(get("/"))
    #expect(
      page.status == 200 && page.body.contains("</html>") && page.fields["content-type"]?.hasPrefix("text/html") == true
    )
    #expect(page.fields["date"]?.wholeMatch(of: /[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/) != nil)
    #expect(page.fields["connection"] == nil)
    let head = try answer("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", isHead: true)
    #expect(head.status == 200 && head.fields["content-length"] == page.fields["content-length"])
    #expect(try answer(get("/plaintext?x=/y")).body == "Hello, World!")
    #expect(try answer(get("/%70laintext")).body == "Hello, World!")
    let json = try answer(get("http://x/json"))
    #expect(json.body == #"{"message":"Hello, World!"}"# && json.fields["content-type"] == "application/json")
    #expect(try answer(get("/echo").replacing("GET", with: "POST")).body.isEmpty)
    #expect(try answer(post(chunks: "3\r\nabc\r\n0\r\n\r\n")).body == "abc")
    #expect(try answer(get("/delay/0")).status == 200)
    #expect(try answer(get("/delay/007?1")).status == 200)
    for path in [
      "/x", "/plaintext/", "/Plaintext", "/delay", "/delay/", "/delay/60001", "/delay/-1", "/delay/+1", "/delay/1.5",
      "/delay/99999999999999999999", "/delay/1/",
    ] {
      #expect(try answer(get(path)).status == 404, "\(path)")
    }
    for (method, path, allowed) in [
      ("POST", "/", "GET, HEAD, OPTIONS"), ("DELETE", "/json", "GET, HEAD, OPTIONS"),
      ("PUT", "/delay/1", "GET, HEAD, OPTIONS"),
      ("GET", "/echo", "POST, OPTIONS"), ("TRACE", "/plaintext", "GET, HEAD, OPTIONS"),
    ] {
      let refused = try answer(get(path).replacing("GET", with: method))
      #expect(refused.status == 405 && refused.fields["allow"] == allowed, "\(method) \(path)")
    }
    #expect(try answer(get("/").replacing("GET", with: "BREW")).status == 501)
    #expect(try answer(get("/").replacing("GET", with: "get")).status == 501)
    server.stop()
  }

  @Test(
    "OPTIONS on what exists is answered with its methods: HAProxy checks servers in this way",
    arguments: ["1.0", "1.1"])
  func options(version: String) throws {
    let server = try HTTPServer()
    func answer(_ path: String) throws -> HTTPClient.Response {
      let client = try server.connect()
      client.send("OPTIONS \(path) HTTP/\(version)\r\nHost: x\r\n\r\n")
      return try #require(client.response())
    }
    for (path, allowed) in [
      ("/", "GET, HEAD, OPTIONS"), ("/json", "GET, HEAD, OPTIONS"), ("/delay/1000", "GET, HEAD, OPTIONS"),
      ("/echo", "POST, OPTIONS"), ("*", "GET, HEAD, POST, OPTIONS"),
    ] {
      let options = try answer(path)
      #expect(options.status == 204 && options.fields["allow"] == allowed && options.body.isEmpty, "\(path)")
    }
    #expect(try answer("/x").status == 404)
    server.stop()
  }

  @Test("a connection stays open as long as the client wants it")
  func persistence() throws {
    let server = try HTTPServer()
    for (request, field) in [
      (get("/", "Connection: close\r\n"), "close"), ("GET / HTTP/1.0\r\n\r\n", "close"),
      (get("/delay/1", "Connection: close\r\n"), "close"), ("GET /delay/1 HTTP/1.0\r\n\r\n", "close"),
    ] {
      let client = try server.connect()
      client.send(request + get("/never"))
      #expect(client.response()?.fields["connection"] == field)
      #expect(client.isAtEnd())
    }
    let client = try server.connect()
    for _ in 0..<3 {
      client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      #expect(client.response()?.fields["connection"] == "keep-alive")
    }
    client.finish()
    #expect(client.isAtEnd())
  }

  @Test("pipelined requests are answered in order by one send", arguments: [1, 2])
  func pipelining(loops: Int) throws {
    let server = try HTTPServer(loops: loops)
    let client = try server.connect()
    let paths = (0..<100).map { ["/plaintext", "/json", "/nothing", "/"][$0 % 4] }
    client.send(paths.map { get($0) }.joined())
    let bytes = try #require(client.receive())
    let answers = String(decoding: bytes, as: UTF8.self).components(separatedBy: "HTTP/1.1 ").dropFirst()
    #expect(answers.map { $0.prefix(3) } == (0..<100).map { $0 % 4 == 2 ? "404" : "200" })
    #expect(answers.last?.hasSuffix("</html>\n") == true)
  }

  @Test("a client that reads late gets all the answers to a long pipeline", .needs("python3"), arguments: [1, 2])
  func lateReader(loops: Int) throws {
    try Example("http", loops: loops).endAfterPython(
      """
      s = connect(4096)
      head = "GET / HTTP/1.1\\r\\nHost: x\\r\\n"
      # The answers have more bytes than the server keeps; the last request arrives in two pieces.
      say(s, (head + "\\r\\n") * 3000 + head)
      file = s.makefile("rb", 1 << 16)
      def status():
          status, length = file.readline().decode(), 0
          while (line := file.readline().decode()) != "\\r\\n":
              if line.startswith("Content-Length: "): length = int(line[16:])
          assert len(file.read(length)) == length
          return status
      for number in range(3000): equal(status(), "HTTP/1.1 200 OK\\r\\n")
      say(s, "Connection: close\\r\\n\\r\\n")
      equal(status(), "HTTP/1.1 200 OK\\r\\n")
      equal(file.read(), b"")
      """)
  }

  @Test("what follows a delayed request waits for it, and leaves with its answer", arguments: [1, 2])
  func delayInTheMiddle(loops: Int) throws {
    let server = try HTTPServer(loops: loops)
    let client = try server.connect()
    client.send(["/json", "/delay/100", "/plaintext", "/nothing", "/delay/50", "/plaintext"].map { get($0) }.joined())
    func statuses() -> [String]? {
      client.receive().map { bytes in
        String(decoding: bytes, as: UTF8.self).components(separatedBy: "HTTP/1.1 ").dropFirst().map {
          String($0.prefix(3))
        }
      }
    }
    #expect(statuses() == ["200"])
    #expect(statuses() == ["200", "200", "404"])
    #expect(statuses() == ["200", "200"])
  }

  @Test("a delay takes its time, and keeps nobody else waiting")
  func delay() throws {
    let server = try HTTPServer()
    let slow = try (0..<20).map { _ in try server.connect() }
    let start = ContinuousClock.now
    for client in slow { client.send(get("/delay/400")) }
    try server.expectService()
    for client in slow {
      #expect(!client.isReadable(within: .zero) || ContinuousClock.now - start >= .milliseconds(400))
    }
    for client in slow { #expect(client.response()?.body == "400 ms later\n") }
    #expect(ContinuousClock.now - start >= .milliseconds(400))
  }

  @Test("a client that ends its stream behind its requests gets all answers, then the end", arguments: [1, 2])
  func halfClose(loops: Int) throws {
    let server = try HTTPServer(loops: loops)
    for request in [get("/plaintext"), get("/delay/30"), get("/plaintext") + get("/delay/30") + get("/json")] {
      let client = try server.connect()
      client.send(request)
      client.finish()
      let count = request.components(separatedBy: "GET").count - 1
      for _ in 0..<count { #expect(client.response()?.status == 200) }
      #expect(client.isAtEnd())
    }
    let silent = try server.connect()
    silent.finish()
    #expect(silent.isAtEnd())
  }

  @Test("a client may hold back a body until it is asked for it")
  func expectation() throws {
    let server = try HTTPServer()
    let client = try server.connect()
    let head = "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    client.send(get("/plaintext") + head)
    #expect(client.response()?.body == "Hello, World!")
    #expect(client.response()?.status == 100)
    client.send("ab")
    client.send("cde" + head + "fghij")
    #expect(client.response()?.body == "abcde")
    // Not asked again for what has come already.
    #expect(client.response()?.body == "fghij")
    client.send(head.replacing("1.1", with: "1.0") + "")
    client.send("12345")
    #expect(client.response()?.body == "12345")
    #expect(client.isAtEnd())
  }

  @Test("/ws is a WebSocket that sends messages back, and a plain request for it is refused")
  func webSocket() throws {
    let server = try HTTPServer()
    let client = try server.connect()
    client.send(get("/ws"))
    #expect(client.response()?.status == 426)
    client.send(
      get(
        "/ws",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"))
    #expect(client.response()?.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    // A text, a mask of zeros, and a close.
    client.send([0x81, 0x82, 0, 0, 0, 0] + Array("hi".utf8) + [0x88, 0x80, 0, 0, 0, 0])
    #expect(client.toEnd() == "\u{FFFD}\u{2}hi\u{FFFD}\u{0}")
    server.stop()
  }

  @Test("a time-out that makes no sense is exit code 64", arguments: ["0", "-1", "x", "nan", "4000"])
  func badTimeout(timeout: String) throws {
    let http = try Program("http", ["--request-timeout=\(timeout)"])
    #expect(http.errorsToEnd().contains("--request-timeout"))
    #expect(http.exitCode() == 64)
  }
}
