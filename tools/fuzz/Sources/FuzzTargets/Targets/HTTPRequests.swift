import RingBuffer

@testable import GnetHTTP

extension FuzzTarget {
  static func httpRequests(_ choices: inout Choices) {
    let (limits, seed) = (choices.limits(), choices.byte())
    let exchange = outcome(of: choices.rest, cutBy: seed) { ParsedMessages($0, RequestParser(limits: limits)) }
    for request in exchange.whole {
      request.expectRoundTrip(firstLine: request.start.line, RequestParser(limits: limits))
    }
  }
}

/// The facts of a request's head.
struct RequestStart: Equatable {
  private let method: String
  private let target: String
  private let path: String
  private let query: String?
  private let isHTTP10: Bool
  private let persistence: Persistence
  private let expectsContinue: Bool

  init(_ head: RequestHead) {
    (method, target, path, query) = (head.method.rawValue, head.target, head.path, head.query)
    (isHTTP10, persistence, expectsContinue) = (head.isHTTP10, head.index.persistence, head.expectsContinue)
    expect(method.utf8.count > 0 && target.utf8.count > 0, "a request without a method or a target")
    // Others than this parser take the head as a value.
    let value = head.httpRequest
    expectEqual(value.method.rawValue, method, "the method differs")
    let normal = PercentEncoding.normalize(head.pathBytes)
    expectEqual(PercentEncoding.normalize(normal.span), normal, "a normal path is changed")
    let decoded = PercentEncoding.decode(path)
    expectEqual(PercentEncoding.decode(String(decoding: normal, as: UTF8.self)), decoded, "a normal path means another")
  }

  /// The request line.
  var line: String { "\(method) \(target) HTTP/1.\(isHTTP10 ? 0 : 1)" }
}

extension RequestParser: MessageParser {
  mutating func nextHead(in input: inout RingBuffer) throws(Refusal) -> ParsedMessage<RequestStart>? {
    guard try parseHead(in: &input) else { return nil }
    var message: ParsedMessage<RequestStart>
    do {
      let head = head(in: input)
      message = ParsedMessage(RequestStart(head), head.bodyFraming)
      head.forEachField { message.addField($0, $1) }
    }
    takeHead(from: &input)
    return message
  }

  /// Does nothing: no request ends with its connection.
  mutating func endInput() {}
}
