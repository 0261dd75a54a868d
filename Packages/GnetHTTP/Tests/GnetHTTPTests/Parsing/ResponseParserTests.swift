import HTTPTypes
import RingBuffer
import TestSupport
import Testing

@testable import GnetHTTP

@Suite("The parser of responses")
struct ResponseParserTests {
  private typealias Summary = ResponseSummary

  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// Streams of one response each to a GET, and what is to be made of it.
  private static let accepted: [(stream: String, response: Summary)] = [
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", .init(code: 200, body: bytes("hello"))),
    ("HTTP/1.1 200 \r\ncontent-length:0\r\n\r\n", .init(code: 200)),
    ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", .init(code: 200)),
    ("HTTP/1.1 599 Größe \t!\r\nContent-Length: 1\r\n\r\n\n", .init(code: 599, body: [10])),
    ("HTTP/1.9 404 Not Found\r\nA: b\r\nContent-Length: 2\r\n\r\n\r\n", .init(code: 404, body: [13, 10])),
    ("HTTP/1.1 204 No Content\r\n\r\n", .init(code: 204)),
    ("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", .init(code: 204)),
    ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", .init(code: 304)),
    ("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", .init(code: 304)),
    ("HTTP/1.1 100 Continue\r\n\r\n", .init(code: 100)),
    ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", .init(code: 101)),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n",
      .init(code: 200, body: bytes("hello!"))
    ),
    (
      "HTTP/1.1 200 OK\r\nConnection: x, close\r\nContent-Length: 1\r\n\r\na",
      .init(code: 200, body: [97], closesConnection: true)
    ),
    ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", .init(code: 200, body: [97], closesConnection: true)),
    (
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", .init(code: 200, body: [97])
    ),
  ]

  @Test("understands what is allowed, cut anywhere")
  func understanding() {
    for (stream, response) in Self.accepted {
      let bytes = Self.bytes(stream)
      #expect(ResponseOutcome(bytes) == ResponseOutcome(bytes, cuts: Array(bytes.indices)))
      for cut in bytes.indices {
        let outcome = ResponseOutcome(bytes, cuts: [cut])
        #expect(outcome.messages == [response] && outcome.refusal == nil, "\(stream.debugDescription) at \(cut)")
        #expect(outcome.unread.isEmpty)
        #expect(ResponseOutcome(Array(bytes[..<cut])).refusal == nil)
      }
    }
  }

  @Test("reads responses one after the other, wherever they are cut")
  func pipeline() {
    let bytes = Self.bytes(Self.accepted.map(\.stream).joined())
    let whole = ResponseOutcome(bytes)
    #expect(whole.messages == Self.accepted.map(\.response))
    for cut in bytes.indices { #expect(ResponseOutcome(bytes, cuts: [cut, min(cut + 9, bytes.count)]) == whole) }
  }

  @Test("a body without a length ends with the stream, and not before")
  func untilClose() {
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"] {
      let bytes = Self.bytes(head + "all that comes\r\n\r\n")
      #expect(ResponseOutcome(bytes).messages.isEmpty)
      let expected = [Summary(code: 200, body: Self.bytes("all that comes\r\n\r\n"), closesConnection: true)]
      #expect(ResponseOutcome(bytes, isEnded: true).messages == expected)
      for cut in bytes.indices {
        #expect(ResponseOutcome(bytes, cuts: [cut], isEnded: true).messages == expected)
      }
      #expect(ResponseOutcome(head, isEnded: true).messages == [Summary(code: 200, closesConnection: true)])
    }
  }

  @Test("the response to a HEAD has no body, whatever its fields say; that to a CONNECT ignores them")
  func methods() {
    for fields in ["Content-Length: 5", "Transfer-Encoding: chunked", "A: b"] {
      let next = "HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n"
      let heads = ResponseOutcome(next + next, to: .head)
      #expect(heads.messages.map(\.code) == [200, 200] && heads.messages.map(\.body) == [[], []])
      let tunnel = ResponseOutcome(next, to: .connect)
      #expect(tunnel.messages == [Summary(code: 200)])
    }
    let refused = ResponseOutcome("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", to: .connect)
    #expect(refused.messages == [Summary(code: 403, body: Self.bytes("no"))])
  }

  @Test("behind an interim response comes the final one")
  func interim() throws {
    var parser = ResponseParser()
    var input = RingBuffer()
    input.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\nbytes")
    var isInterim: [Bool] = []
    for _ in 0..<2 {
      let isComplete = try parser.parseHead(in: &input, to: .get)
      #expect(isComplete)
      isInterim.append(parser.head(in: input).isInterim)
      parser.takeHead(from: &input)
      let part = try parser.nextBodyPart(in: &input)
      #expect(part == .end)
    }
    #expect(isInterim == [true, false])
    #expect(input.count == 5)
  }

  @Test("a stream that ends in the middle of a response is refused, wherever that is")
  func truncation() {
    for (stream, _) in Self.accepted {
      let bytes = Self.bytes(stream)
      for length in 1..<bytes.count {
        let outcome = ResponseOutcome(Array(bytes[..<length]), isEnded: true)
        #expect(outcome.refusal == .responseCutShort, "\(stream.debugDescription) at \(length)")
        #expect(outcome.messages.isEmpty)
      }
      #expect(ResponseOutcome(bytes, isEnded: true).refusal == nil)
    }
    #expect(ResponseOutcome("", isEnded: true).refusal == nil)
  }

  @Test("a response's head is looked at where it lies")
  func head() throws {
    var parser = ResponseParser()
    var input = RingBuffer()
    input.write("HTTP/1.1 404 Gone Fishing\r\nContent-Type: text/plain\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n")
    let isComplete = try parser.parseHead(in: &input, to: .head)
    #expect(isComplete)
    do {
      let head = parser.head(in: input)
      let (status, reason, isHTTP10) = (head.status, head.reason, head.isHTTP10)
      #expect(status == .notFound && reason == "Gone Fishing" && !isHTTP10)
      let (type, cookies, framing) = (head[.contentType], head.fields[values: .setCookie], head.bodyFraming)
      #expect(type == "text/plain" && cookies == ["a", "b"] && framing == .none)
      var names: [String] = []
      head.forEachField { name, _ in names.append(name.repairedText) }
      #expect(names == ["Content-Type", "Set-Cookie", "set-cookie"])
      #expect(head.httpResponse.status == .notFound && head.httpResponse.headerFields.count == 3)
    }
  }

  @Test("survives random bytes, and random changes to responses", arguments: 0..<8)
  func noise(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let sample = Self.bytes(Self.accepted.map(\.stream).joined())
    for _ in 0..<200 {
      var changed = sample
      for _ in 0..<3 { changed[Int.random(in: changed.indices, using: &random)] = .random(in: 0...255, using: &random) }
      let cut = Int.random(in: changed.indices, using: &random)
      let (whole, cutOnce) = (ResponseOutcome(changed), ResponseOutcome(changed, cuts: [cut]))
      #expect(whole.messages == cutOnce.messages && whole.refusal == cutOnce.refusal, "seed \(seed)")
    }
  }
}
