import HTTPTypes
import RingBuffer

@testable import GnetHTTP

/// The outcome of parsing a stream of responses.
typealias ResponseOutcome = ParserOutcome<ResponseSummary>

struct ResponseSummary: MessageSummary {
  var code: Int
  var body: [UInt8] = []
  var closesConnection = false
}

extension ResponseOutcome {
  /// Parses `bytes`, cut at `cuts`, as responses to requests of a method.
  init(
    _ bytes: [UInt8], to method: HTTPRequest.Method = .get, cuts: [Int] = [], isEnded: Bool = false,
    limits: HTTPLimits = .init()
  ) {
    self.init(bytes, ResponsesTo(method, limits), cuts: cuts, isEnded: isEnded)
  }

  init(_ text: String, to method: HTTPRequest.Method = .get, isEnded: Bool = false, limits: HTTPLimits = .init()) {
    self.init(Array(text.utf8), to: method, isEnded: isEnded, limits: limits)
  }
}

/// A parser of the responses to requests of a method.
private struct ResponsesTo: ~Copyable, MessageParser {
  private var parser: ResponseParser
  private let method: HTTPRequest.Method

  init(_ method: HTTPRequest.Method, _ limits: HTTPLimits) {
    parser = ResponseParser(limits: limits)
    self.method = method
  }

  mutating func nextHead(in input: inout RingBuffer) throws(Refusal) -> ResponseSummary? {
    guard try parser.parseHead(in: &input, to: method) else { return nil }
    let summary: ResponseSummary
    do {
      let head = parser.head(in: input)
      summary = ResponseSummary(code: head.status.code, closesConnection: head.closesConnection)
    }
    parser.takeHead(from: &input)
    return summary
  }

  mutating func nextBodyPart(in input: inout RingBuffer) throws(Refusal) -> BodyPart {
    try parser.nextBodyPart(in: &input)
  }

  mutating func takeBody(_ count: Int, from input: inout RingBuffer) { parser.takeBody(count, from: &input) }
  mutating func endInput() { parser.endInput() }
}
