import Testing

@testable import MetricsClient

@Suite struct RequestTests {
  private func parse(_ text: String) -> HTTPRequest.Parsed { HTTPRequest.parse(Array(text.utf8)) }

  @Test("a request is understood")
  func good() {
    let text = "GET /metrics?x=y HTTP/1.1\r\nHost: a:9464\r\nAccept: */*\r\n\r\n"
    let request = HTTPRequest(method: "GET", path: "/metrics", keepsAlive: true)
    #expect(parse(text) == .request(request, byteCount: text.utf8.count))
    #expect(parse(text + "GET /") == .request(request, byteCount: text.utf8.count))
    for count in 0..<text.utf8.count { #expect(HTTPRequest.parse(Array(text.utf8.prefix(count))) == .incomplete) }
  }

  @Test(
    "what is said of the connection is heeded",
    arguments: [
      ("GET / HTTP/1.0\r\n\r\n", false), ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
      ("GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n", false),
      ("GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, close\r\n\r\n", false),
      ("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", true), ("HEAD / HTTP/1.1\r\nhost:\r\n\r\n", true),
      ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", true),
    ])
  func connection(text: String, keepsAlive: Bool) {
    guard case .request(let request, _) = parse(text) else {
      Issue.record("not understood: \(text)")
      return
    }
    #expect(request.path == "/")
    #expect(request.keepsAlive == keepsAlive)
  }

  @Test(
    "what is not quite right is refused",
    arguments: [
      ("\r\n\r\n", .badRequest), ("GET\r\n\r\n", .badRequest), ("GET /\r\n\r\n", .badRequest),
      ("GET  / HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest), ("G@T / HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest),
      ("GET x HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest), ("GET /\u{1} HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest),
      ("GET / http/1.1\r\nHost: x\r\n\r\n", .badRequest), ("GET / HTTP/1.1 \r\nHost: x\r\n\r\n", .badRequest),
      ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", .versionNotSupported), ("GET / HTTP/1.1\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\nHost: x\r\n\r\n", .badRequest), ("GET / HTTP/1.1\r\nHost: x\n\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost : x\r\n\r\n", .badRequest), ("GET / HTTP/1.1\r\nHost: x\r\n more\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: x\u{1}\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", .badRequest),
      ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", .contentTooLarge),
      ("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", .contentTooLarge),
      (String(repeating: "x", count: 8192), .headerTooLarge),
    ] as [(String, HTTPStatus)])
  func bad(text: String, status: HTTPStatus) { #expect(parse(text) == .refused(status)) }

  @Test("random bytes never trap")
  func noise() {
    let alphabet = Array("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n:: \u{0}".utf8)
    for _ in 0..<20_000 {
      _ = HTTPRequest.parse((0..<Int.random(in: 0..<60)).map { _ in alphabet.randomElement()! } + [13, 10, 13, 10])
    }
  }
}
