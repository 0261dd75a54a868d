import GnetHTTP
import HTTPTypes
import TestPeers
import Testing

@Suite("The HTTP parser refuses")
struct RefusalTests {
  /// A stream, and the status that it is to be refused with.
  struct Sample: Sendable, CustomTestStringConvertible {
    let stream: String
    let status: HTTPResponse.Status
    var testDescription: String { "\(status.code) for \(stream.debugDescription)" }
  }

  static let samples = (requestLines + lineEnds + fields + hosts + lengths + codings + chunks)
    .map { Sample(stream: $0, status: $1) }

  private static let requestLines: [(String, HTTPResponse.Status)] = [
    ("GET /\r\n\r\n", .badRequest),
    ("GET\r\n\r\n", .badRequest),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest),
    (" GET / HTTP/1.1\r\n", .badRequest),
    ("GET  / HTTP/1.1\r\n", .badRequest),
    ("GET /  HTTP/1.1\r\n", .badRequest),
    ("GET / HTTP/1.1 \r\n", .badRequest),
    ("GET\t/ HTTP/1.1\r\n", .badRequest),
    ("GET / x HTTP/1.1\r\n", .badRequest),
    ("G(T / HTTP/1.1\r\n", .badRequest),
    ("GET /\u{0} HTTP/1.1\r\n", .badRequest),
    ("GET /a\u{7F} HTTP/1.1\r\n", .badRequest),
    ("GET /é HTTP/1.1\r\n", .badRequest),
    ("GET /a#b HTTP/1.1\r\n", .badRequest),
    ("GET path HTTP/1.1\r\n", .badRequest),
    ("GET * HTTP/1.1\r\n", .badRequest),
    ("GET ftp://x/ HTTP/1.1\r\n", .badRequest),
    ("GET http:// HTTP/1.1\r\n", .badRequest),
    ("GET http:///path HTTP/1.1\r\n", .badRequest),
    ("GET http:/x HTTP/1.1\r\n", .badRequest),
    ("GET http://me@x/ HTTP/1.1\r\n", .badRequest),
    ("GET http://x:y/ HTTP/1.1\r\n", .badRequest),
    ("CONNECT / HTTP/1.1\r\n", .badRequest),
    ("GET / http/1.1\r\n", .badRequest),
    ("GET / HTTP/1\r\n", .badRequest),
    ("GET / HTTP/1.10\r\n", .badRequest),
    ("GET / HTTP/11\r\n", .badRequest),
    ("GET / HTTP-1.1\r\n", .badRequest),
    ("GET / HTTP/1,1\r\n", .badRequest),
    ("GET / HTTP/2.0\r\n", .httpVersionNotSupported),
    ("GET / HTTP/0.9\r\n", .httpVersionNotSupported),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .httpVersionNotSupported),
  ]

  private static let lineEnds: [(String, HTTPResponse.Status)] = [
    ("GET / HTTP/1.1\nHost: x\r\n\r\n", .badRequest),
    ("\nGET / HTTP/1.1\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: x\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: x\r\n\n", .badRequest),
    ("GET / HTTP/1.1\r\r\nHost: x\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: x\r\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", .badRequest),
    (post(chunks: "1\na\r\n0\r\n\r\n"), .badRequest),
    (post(chunks: "1\r\na\n0\r\n\r\n"), .badRequest),
    (post(chunks: "1;a\n"), .badRequest),
    (post(chunks: "1\r\na\r\n0\n\r\n"), .badRequest),
    (post(chunks: "1\r\na\r\n0\r\n\n"), .badRequest),
    (post(chunks: "0\r\nA: b\n\r\n"), .badRequest),
  ]

  private static let fields: [(String, HTTPResponse.Status)] = [
    (get("/", "A : b\r\n"), .badRequest),
    (get("/", "A\t: b\r\n"), .badRequest),
    (get("/", " A: b\r\n"), .badRequest),
    (get("/", "A: b\r\n c\r\n"), .badRequest),
    (get("/", "A: b\r\n\tc\r\n"), .badRequest),
    ("GET / HTTP/1.1\r\n Host: x\r\n\r\n", .badRequest),
    (get("/", ": b\r\n"), .badRequest),
    (get("/", "A\r\n"), .badRequest),
    (get("/", "A B: c\r\n"), .badRequest),
    (get("/", "A(: c\r\n"), .badRequest),
    (get("/", "Ä: c\r\n"), .badRequest),
    (get("/", "A: \u{0}\r\n"), .badRequest),
    (get("/", "A: \u{1}\r\n"), .badRequest),
    (get("/", "A: \u{B}b\r\n"), .badRequest),
    (get("/", "A: \u{7F}\r\n"), .badRequest),
    (get("/", "Expect: 200-ok\r\n"), .expectationFailed),
  ]

  private static let hosts: [(String, HTTPResponse.Status)] = [
    ("GET / HTTP/1.1\r\n\r\n", .badRequest),
    ("GET http://x/ HTTP/1.1\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: x\r\nhOST: y\r\n\r\n", .badRequest),
    ("GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: x y\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: me@x\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: x:80a\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: :80\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: []\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: [::1]80\r\n\r\n", .badRequest),
  ]

  private static let lengths: [(String, HTTPResponse.Status)] = [
    (get("/", "Content-Length:\r\n"), .badRequest),
    (get("/", "Content-Length: +1\r\n"), .badRequest),
    (get("/", "Content-Length: -1\r\n"), .badRequest),
    (get("/", "Content-Length: 1 1\r\n"), .badRequest),
    (get("/", "Content-Length: 0x1\r\n"), .badRequest),
    (get("/", "Content-Length: 1.0\r\n"), .badRequest),
    (get("/", "Content-Length: 1e1\r\n"), .badRequest),
    (get("/", "Content-Length: 1, 1\r\n"), .badRequest),
    (get("/", "Content-Length: 1,\r\n"), .badRequest),
    (get("/", "Content-Length: 1\r\nContent-Length: 1\r\n"), .badRequest),
    (get("/", "Content-Length: 1\r\nContent-length: 2\r\n"), .badRequest),
    (get("/", "Content-Length: 9223372036854775808\r\n"), .badRequest),
    (get("/", "Content-Length: 18446744073709551616\r\n"), .badRequest),
    (get("/", "Content-Length: 99999999999999999999999999\r\n"), .badRequest),
    (get("/", "Content-Length: 9223372036854775807\r\n"), .contentTooLarge),
    (get("/", "Content-Length: 16777217\r\n"), .contentTooLarge),
  ]

  private static let codings: [(String, HTTPResponse.Status)] = [
    (get("/", "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), .badRequest),
    (get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), .badRequest),
    (get("/", "Content-Length: 1\r\nTransfer-Encoding: gzip\r\n"), .badRequest),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .badRequest),
    (get("/", "Transfer-Encoding:\r\n"), .badRequest),
    (get("/", "Transfer-Encoding: chunked, chunked\r\n"), .badRequest),
    (get("/", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), .badRequest),
    (get("/", "Transfer-Encoding: \u{B}chunked\r\n"), .badRequest),
    (get("/", "Transfer-Encoding: gzip, chunked\r\n"), .notImplemented),
    (get("/", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), .notImplemented),
    (get("/", "Transfer-Encoding: chunked, gzip\r\n"), .notImplemented),
    (get("/", "Transfer-Encoding: identity\r\n"), .notImplemented),
    (get("/", "Transfer-Encoding: xchunked\r\n"), .notImplemented),
    (get("/", "Transfer-Encoding: chunked;q=1\r\n"), .notImplemented),
    (get("/", "Transfer-Encoding: \"chunked\"\r\n"), .notImplemented),
  ]

  private static let chunks: [(String, HTTPResponse.Status)] = [
    (post(chunks: "\r\n"), .badRequest),
    (post(chunks: "g\r\n"), .badRequest),
    (post(chunks: " 1\r\n"), .badRequest),
    (post(chunks: "1 \r\n"), .badRequest),
    (post(chunks: "+1\r\n"), .badRequest),
    (post(chunks: "-1\r\n"), .badRequest),
    (post(chunks: "0x1\r\n"), .badRequest),
    (post(chunks: "1_0\r\n"), .badRequest),
    (post(chunks: "00000000000000001\r\n"), .badRequest),
    (post(chunks: "8000000000000000\r\n"), .badRequest),
    (post(chunks: "ffffffffffffffff\r\n"), .badRequest),
    (post(chunks: "7fffffffffffffff\r\n"), .contentTooLarge),
    (post(chunks: "1000001\r\n"), .contentTooLarge),
    (post(chunks: "1\r\nab\r\n"), .badRequest),
    (post(chunks: "2\r\na\r\n0\r\n"), .badRequest),
    (post(chunks: "1\r\na0\r\n\r\n"), .badRequest),
    (post(chunks: "1;\r\n"), .badRequest),
    (post(chunks: "1;=b\r\n"), .badRequest),
    (post(chunks: "1;a=\r\n"), .badRequest),
    (post(chunks: "1;a b\r\n"), .badRequest),
    (post(chunks: "1;a=\"b\r\n"), .badRequest),
    (post(chunks: "1;a=\"\u{0}\"\r\n"), .badRequest),
    (post(chunks: "1;a\rb\r\n"), .badRequest),
    (post(chunks: "0\r\nA : b\r\n\r\n"), .badRequest),
    (post(chunks: "0\r\nA: b\r\n c\r\n\r\n"), .badRequest),
    (post(chunks: "0\r\n\u{0}: b\r\n\r\n"), .badRequest),
  ]

  @Test("what is no HTTP, or could be read in two ways, by its status", arguments: samples)
  func refusal(sample: Sample) {
    let outcome = RequestOutcome(sample.stream)
    #expect(outcome.refusal?.status == sample.status, "\(outcome)")
    #expect(outcome.messages.isEmpty)
  }

  @Test("the same in whatever pieces it comes", arguments: samples)
  func pieces(sample: Sample) {
    let bytes = Array(sample.stream.utf8)
    let whole = RequestOutcome(bytes).refusal
    for cut in 0...bytes.count { #expect(RequestOutcome(bytes, cuts: [cut]).refusal == whole) }
    #expect(RequestOutcome(bytes, cuts: Array(bytes.indices)).refusal == whole)
  }

  @Test("a good request's successor and not the request", arguments: samples)
  func successor(sample: Sample) {
    guard !sample.stream.hasPrefix("\r\n") else { return }
    let outcome = RequestOutcome(get("/first") + sample.stream)
    #expect(outcome.messages.map(\.path) == ["/first"])
    #expect(outcome.refusal?.status == sample.status)
  }
}
