import RingBuffer

@testable import GnetHTTP

extension FuzzTarget {
  static func httpResponses(_ choices: inout Choices) {
    let method = choices.element([HTTPRequest.Method.get, .head, .connect, .post])
    let (isEnded, limits, seed) = (choices.flag(), choices.limits(), choices.byte())
    let exchange = outcome(of: choices.rest, cutBy: seed) {
      ParsedMessages($0, isEnded: isEnded, ResponsesTo(method, limits))
    }
    for var response in exchange.whole {
      response.start.dropRepairedReason()
      response.expectRoundTrip(firstLine: response.start.line, ResponsesTo(method, limits))
    }
  }
}

/// The facts of a response's head.
struct ResponseStart: Equatable {
  private let code: Int
  private var reason: String
  private let isHTTP10: Bool
  private let isInterim: Bool
  private let closesConnection: Bool

  init(_ head: ResponseHead) {
    (code, reason, isHTTP10, isInterim) = (head.status.code, head.reason, head.isHTTP10, head.isInterim)
    closesConnection = head.closesConnection
    expectEqual(head.httpResponse.status.code, code, "the status differs")
  }

  /// The status line.
  var line: String { "HTTP/1.\(isHTTP10 ? 0 : 1) \(code) \(reason)" }

  /// Drops a reason that was no UTF-8: written anew, it may be too long.
  mutating func dropRepairedReason() {
    if reason.unicodeScalars.contains("\u{FFFD}") { reason = "" }
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

  mutating func nextHead(in input: inout RingBuffer) throws(Refusal) -> ParsedMessage<ResponseStart>? {
    guard try parser.parseHead(in: &input, to: method) else { return nil }
    var message: ParsedMessage<ResponseStart>
    do {
      let head = parser.head(in: input)
      message = ParsedMessage(ResponseStart(head), head.bodyFraming)
      head.forEachField { message.addField($0, $1) }
    }
    parser.takeHead(from: &input)
    return message
  }

  mutating func nextBodyPart(in input: inout RingBuffer) throws(Refusal) -> BodyPart {
    try parser.nextBodyPart(in: &input)
  }

  mutating func takeBody(_ count: Int, from input: inout RingBuffer) { parser.takeBody(count, from: &input) }
  mutating func endInput() { parser.endInput() }
  var bodyLimit: Int { parser.bodyLimit }
}
