import HTTPTypes
import RingBuffer
import TestPeers
import Testing

@testable import GnetHTTP

@Suite("A request's head")
struct RequestHeadTests {
  /// Parses a head, which must be complete, and calls `body` with it.
  private func withHead(_ text: String, _ body: (borrowing RequestHead) -> Void) throws {
    var parser = RequestParser()
    var input = RingBuffer()
    input.write(text)
    let isComplete = try parser.parseHead(in: &input)
    #expect(isComplete)
    body(parser.head(in: input))
  }

  @Test("is looked at where it lies: the line, and all fields in their order")
  func parts() throws {
    let fields = "A: 1\r\nb:\t two \t\r\nA:3\r\nEmpty:\r\nCookie: x=1\r\nCookie: y=2\r\n"
    try withHead(get("/p/q?a=b?c", fields) + "rest") { head in
      #expect(head.method == .get)
      #expect(head.path == "/p/q")
      #expect(head.query == "a=b?c")
      #expect(head.target == "/p/q?a=b?c")
      var found: [String] = []
      head.forEachField { name, value in found.append("\(name.repairedText)=\(value.repairedText)") }
      #expect(found == ["Host=x", "A=1", "b=two", "A=3", "Empty=", "Cookie=x=1", "Cookie=y=2"])
      #expect(head[HTTPField.Name("a")!] == "1, 3")
      #expect(head[.cookie] == "x=1; y=2")
      #expect(head[HTTPField.Name("empty")!] == "")
      #expect(head[.accept] == nil)
    }
  }

  @Test("has a path and perhaps a query in each form of a target")
  func targets() throws {
    for (line, path, query, target) in [
      ("GET /", "/", nil, "/"), ("GET /?", "/", "", "/?"), ("GET http://x", "/", nil, "http://x"),
      ("GET http://x?y", "/", "y", "http://x?y"), ("GET http://x/a?b", "/a", "b", "http://x/a?b"),
      ("OPTIONS *", "*", nil, "*"), ("CONNECT x:443", "", nil, "x:443"),
    ] as [(String, String, String?, String)] {
      try withHead("\(line) HTTP/1.1\r\nHost: x\r\n\r\n") { head in
        #expect(head.path == path, "\(line)")
        #expect(head.query == query, "\(line)")
        #expect(head.target == target, "\(line)")
      }
    }
  }

  @Test("is a value of HTTPTypes on demand")
  func values() throws {
    try withHead("POST /a?b HTTP/1.1\r\nHost: x:1\r\nContent-Type: text/plain\r\nA: 1\r\nA: 2\r\n\r\n") { head in
      let request = head.httpRequest
      #expect(request.method == .post && request.scheme == "http")
      #expect(request.authority == "x:1" && request.path == "/a?b")
      #expect(request.headerFields[.contentType] == "text/plain" && request.headerFields.count == 3)
      #expect(request.headerFields[values: HTTPField.Name("a")!] == ["1", "2"])
    }
    try withHead("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n") { head in
      let request = head.httpRequest
      #expect(request.authority == "x:443" && request.path == nil)
    }
    try withHead("GET https://y/ HTTP/1.1\r\nHost: y\r\n\r\n") { head in
      let request = head.httpRequest
      #expect(request.scheme == "https" && request.path == "/")
    }
  }

  @Test("escapes are decoded, and normalised where they mean the same")
  func escapes() {
    #expect(PercentEncoding.decode("a%20b%2fc%C3%A9+%") == "a b/cé+%")
    #expect(PercentEncoding.decode("%4") == "%4")
    for (path, normal) in [
      ("/%70%6C", "/pl"), ("/%2f%3a%e9", "/%2F%3A%E9"), ("/%7E%2D%zz%4", "/~-%25zz%254"), ("/%%341", "/%2541"),
    ] {
      #expect(PercentEncoding.normalize(Array(path.utf8).span) == Array(normal.utf8))
      #expect(PercentEncoding.normalize(Array(normal.utf8).span) == Array(normal.utf8))
      #expect(PercentEncoding.decode(normal) == PercentEncoding.decode(path))
    }
  }
}
