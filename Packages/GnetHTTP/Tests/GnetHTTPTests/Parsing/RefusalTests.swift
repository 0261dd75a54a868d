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

  static let samples = requestLines + lineEnds + fields + hosts + lengths + codings + chunks

  private static func refused(
    _ status: HTTPResponse.Status, streams: [String] = [], fields: [String] = [], chunks: [String] = []
  ) -> [Sample] {
    (streams + fields.map { get("/", $0) } + chunks.map { post(chunks: $0) })
      .map { Sample(stream: $0, status: status) }
  }

  private static let requestLines =
    refused(
      .badRequest,
      streams: [
        "GET /\r\n\r\n", "GET\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", " GET / HTTP/1.1\r\n",
        "GET  / HTTP/1.1\r\n", "GET /  HTTP/1.1\r\n", "GET / HTTP/1.1 \r\n", "GET\t/ HTTP/1.1\r\n",
        "GET / x HTTP/1.1\r\n", "G(T / HTTP/1.1\r\n", "GET /\u{0} HTTP/1.1\r\n", "GET /a\u{7F} HTTP/1.1\r\n",
        "GET /é HTTP/1.1\r\n", "GET /a#b HTTP/1.1\r\n", "GET path HTTP/1.1\r\n", "GET * HTTP/1.1\r\n",
        "GET ftp://x/ HTTP/1.1\r\n", "GET http:// HTTP/1.1\r\n", "GET http:///path HTTP/1.1\r\n",
        "GET http:/x HTTP/1.1\r\n", "GET http://me@x/ HTTP/1.1\r\n", "GET http://x:y/ HTTP/1.1\r\n",
        "CONNECT / HTTP/1.1\r\n", "GET / http/1.1\r\n", "GET / HTTP/1\r\n", "GET / HTTP/1.10\r\n", "GET / HTTP/11\r\n",
        "GET / HTTP-1.1\r\n", "GET / HTTP/1,1\r\n",
      ])
    + refused(
      .httpVersionNotSupported,
      streams: ["GET / HTTP/2.0\r\n", "GET / HTTP/0.9\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])

  private static let lineEnds =
    refused(
      .badRequest,
      streams: [
        "GET / HTTP/1.1\nHost: x\r\n\r\n", "\nGET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\n", "GET / HTTP/1.1\r\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
      ],
      chunks: [
        "1\na\r\n0\r\n\r\n", "1\r\na\n0\r\n\r\n", "1;a\n", "1\r\na\r\n0\n\r\n", "1\r\na\r\n0\r\n\n", "0\r\nA: b\n\r\n",
      ])

  private static let fields =
    refused(
      .badRequest,
      streams: ["GET / HTTP/1.1\r\n Host: x\r\n\r\n"],
      fields: [
        "A : b\r\n", "A\t: b\r\n", " A: b\r\n", "A: b\r\n c\r\n", "A: b\r\n\tc\r\n", ": b\r\n", "A\r\n", "A B: c\r\n",
        "A(: c\r\n", "Ä: c\r\n", "A: \u{0}\r\n", "A: \u{1}\r\n", "A: \u{B}b\r\n", "A: \u{7F}\r\n",
      ])
    + refused(.expectationFailed, fields: ["Expect: 200-ok\r\n"])

  private static let hosts =
    refused(
      .badRequest,
      streams: [
        "GET / HTTP/1.1\r\n\r\n", "GET http://x/ HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nhOST: y\r\n\r\n", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x y\r\n\r\n", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: me@x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x:80a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: []\r\n\r\n", "GET / HTTP/1.1\r\nHost: [::1]80\r\n\r\n",
      ])

  private static let lengths =
    refused(
      .badRequest,
      fields: [
        "Content-Length:\r\n", "Content-Length: +1\r\n", "Content-Length: -1\r\n", "Content-Length: 1 1\r\n",
        "Content-Length: 0x1\r\n", "Content-Length: 1.0\r\n", "Content-Length: 1e1\r\n", "Content-Length: 1, 1\r\n",
        "Content-Length: 1,\r\n", "Content-Length: 1\r\nContent-Length: 1\r\n",
        "Content-Length: 1\r\nContent-length: 2\r\n", "Content-Length: 9223372036854775808\r\n",
        "Content-Length: 18446744073709551616\r\n", "Content-Length: 99999999999999999999999999\r\n",
      ])
    + refused(.contentTooLarge, fields: ["Content-Length: 9223372036854775807\r\n", "Content-Length: 16777217\r\n"])

  private static let codings =
    refused(
      .badRequest,
      streams: ["POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"],
      fields: [
        "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 1\r\nTransfer-Encoding: gzip\r\n", "Transfer-Encoding:\r\n",
        "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: \u{B}chunked\r\n",
      ])
    + refused(
      .notImplemented,
      fields: [
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: identity\r\n", "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked;q=1\r\n", "Transfer-Encoding: \"chunked\"\r\n",
      ])

  private static let chunks =
    refused(
      .badRequest,
      chunks: [
        "\r\n", "g\r\n", " 1\r\n", "1 \r\n", "+1\r\n", "-1\r\n", "0x1\r\n", "1_0\r\n", "00000000000000001\r\n",
        "8000000000000000\r\n", "ffffffffffffffff\r\n", "1\r\nab\r\n", "2\r\na\r\n0\r\n", "1\r\na0\r\n\r\n", "1;\r\n",
        "1;=b\r\n", "1;a=\r\n", "1;a b\r\n", "1;a=\"b\r\n", "1;a=\"\u{0}\"\r\n", "1;a\rb\r\n", "0\r\nA : b\r\n\r\n",
        "0\r\nA: b\r\n c\r\n\r\n", "0\r\n\u{0}: b\r\n\r\n",
      ])
    + refused(.contentTooLarge, chunks: ["7fffffffffffffff\r\n", "1000001\r\n"])

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
