import GnetHTTP
import HTTPTypes
import Testing

@Suite("The parser of responses refuses")
struct ResponseRefusalTests {
  private static func ok(_ fields: String, version: String = "1.1") -> String {
    "HTTP/\(version) 200 OK\r\n\(fields)\r\n\r\n"
  }

  /// Streams that are no HTTP, or that two programs could read in two ways.
  private static let samples: [String] =
    [
      "\r\nHTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\n", " HTTP/1.1 200 OK\r\n", "HTTP/1.1  200 OK\r\n",
      "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 2x0 OK\r\n", "HTTP/1.1 099 OK\r\n",
      "HTTP/1.1 600 OK\r\n", "HTTP/1.1 200\tOK\r\n", "HTTP/1.1 200-OK\r\n", "HTTP/1.1 +20 OK\r\n", "HTTP/1.1\r\n",
      "HTTP/2.0 200 OK\r\n", "http/1.1 200 OK\r\n", "HTTP/1.10 200 OK\r\n", "HTTP/1.1 200 O\rK\r\n",
      "HTTP/1.1 200 O\u{0}K\r\n", "ICY 200 OK\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}",
    ]
    + [
      ok("Content-Length : 1"), ok(" Content-Length: 1"), ok("A: b\r\n c"), ok(": b"), ok("A"), ok("A: b\nB: c"),
      ok("A: b\rc"),
    ]
    + [
      ok("Content-Length: 1\r\nContent-Length: 2"), ok("Content-Length: 1\r\nContent-Length: 1"),
      ok("Content-Length: 1, 1"), ok("Content-Length: +1"), ok("Content-Length: -1"), ok("Content-Length: 0x1"),
      ok("Content-Length:"), ok("Content-Length: 1 1"), ok("Content-Length: 18446744073709551616"),
      ok("Transfer-Encoding: chunked\r\nContent-Length: 1"), ok("Content-Length: 1\r\nTransfer-Encoding: chunked"),
      ok("Transfer-Encoding: gzip"), ok("Transfer-Encoding: gzip, chunked"), ok("Transfer-Encoding: chunked, chunked"),
      ok("Transfer-Encoding: identity"), ok("Transfer-Encoding:"), ok("Transfer-Encoding: \u{B}chunked"),
      ok("Transfer-Encoding: chunked", version: "1.0"),
      "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
      "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n",
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ]
    + chunks.map { ok("Transfer-Encoding: chunked") + $0 }

  private static let chunks = [
    "\r\n", "g\r\n", "-1\r\n", "1 \r\n", "1\r\nab\r\n", "1\na", "1;\r\n", "0\r\nA : b\r\n\r\n",
    "ffffffffffffffff\r\n",
  ]

  @Test("what is no HTTP, or could be read in two ways, in whatever pieces it comes", arguments: samples)
  func refusal(stream: String) {
    let bytes = Array(stream.utf8)
    let whole = ResponseOutcome(bytes)
    #expect(whole.refusal?.status == .badGateway, "\(whole)")
    #expect(whole.messages.isEmpty)
    for cut in bytes.indices { #expect(ResponseOutcome(bytes, cuts: [cut]).refusal == whole.refusal) }
    #expect(ResponseOutcome(bytes, cuts: Array(bytes.indices)).refusal == whole.refusal)
  }

  @Test("what is longer than its limits, as soon as that is certain")
  func limits() {
    var limits = HTTPLimits()
    (limits.requestLine, limits.fields, limits.body) = (20, 40, 10)
    func refusal(_ text: String, isEnded: Bool = false) -> Refusal? {
      ResponseOutcome(text, isEnded: isEnded, limits: limits).refusal
    }
    #expect(refusal("HTTP/1.1 200 123456789") == Refusal(.badGateway, "the status line is too long"))
    #expect(refusal("HTTP/1.1 200 1234567\r\n") == nil)
    #expect(refusal("HTTP/1.1 200 OK\r\nA: " + String(repeating: "b", count: 40)) != nil)
    #expect(refusal("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n") == Refusal(.badGateway, "the body is too large"))
    #expect(refusal("HTTP/1.1 304 OK\r\nContent-Length: 11\r\n\r\n") == nil)
    #expect(refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n") != nil)
    #expect(refusal("HTTP/1.1 200 OK\r\n\r\n0123456789", isEnded: true) == nil)
    #expect(refusal("HTTP/1.1 200 OK\r\n\r\n0123456789a") != nil)
  }
}
