import RingBuffer

@testable import GnetHTTP

extension FuzzTarget {
  static let httpResponses = FuzzTarget(
    "http-responses", "responses of HTTP/1.1: pieces, and responses that are written anew", maximumLength: 512
  ) { input in
    var choices = Choices(input)
    let method = choices.element([HTTPRequest.Method.get, .head, .connect, .post])
    let (isEnded, limits, seed) = (choices.flag(), choices.limits(), choices.byte())
    let exchange = outcome(of: choices.rest, cutBy: seed) { Responses($0, method, isEnded: isEnded, limits) }
    for response in exchange.responses { response.expectRoundTrip(method, limits) }
  }
}

/// A response that has arrived whole.
private struct ParsedResponse: Equatable {
  var code = 0
  var reason = ""
  var isHTTP10 = false
  var isInterim = false
  var closesConnection = false
  var framing = BodyFraming.none
  var fields: [[UInt8]] = []
  var body: [UInt8] = []

  init(_ head: ResponseHead) {
    (code, reason, isHTTP10, isInterim) = (head.status.code, head.reason, head.isHTTP10, head.isInterim)
    (closesConnection, framing) = (head.closesConnection, head.bodyFraming)
    head.forEachField { name, value in fields.append(name.array + [UInt8(ascii: ":")] + value.array) }
    expectEqual(head.httpResponse.status.code, code, "the status differs")
  }

  /// The response, written anew, is parsed to the same response.
  func expectRoundTrip(_ method: HTTPRequest.Method, _ limits: HTTPLimits) {
    // A reason that was no UTF-8 may have become too long.
    let line = reason.unicodeScalars.contains("\u{FFFD}") ? "" : reason
    var bytes = Array("HTTP/1.\(isHTTP10 ? 0 : 1) \(code) \(line)\r\n".utf8)
    for field in fields { bytes += field + Array("\r\n".utf8) }
    bytes += Array("\r\n".utf8)
    bytes += framing == .chunked ? body.chunked : body
    let again = Responses(Arrival(whole: bytes[...]), method, isEnded: framing == .untilClose, limits)
    var expected = self
    expected.reason = line
    expectEqual(again.responses, [expected], "a response that is written anew is another")
    expect(again.refusal == nil && again.rest.isEmpty, "a response that is written anew is refused")
  }
}

/// The responses of a stream, and the refusal that ends it.
private struct Responses: Equatable {
  var responses: [ParsedResponse] = []
  /// The response whose body has not arrived to its end.
  var current: ParsedResponse?
  var refusal: Refusal?
  var rest: [UInt8] = []

  /// - Parameter isEnded: whether the server ends its stream behind the bytes.
  init(_ arrival: Arrival, _ method: HTTPRequest.Method, isEnded: Bool, _ limits: HTTPLimits) {
    var parser = ResponseParser(limits: limits)
    var left = arrival.pieces.count
    rest = arrival.feed { input in
      left -= 1
      do throws(Refusal) {
        try parse(&input, &parser, method)
        if left == 0 && isEnded {
          parser.endInput()
          try parse(&input, &parser, method)
        }
        return true
      } catch {
        refusal = error
        return false
      }
    }
    // How much of a refused response was there depends on the pieces.
    if refusal != nil { (current, rest) = (nil, []) }
  }

  private mutating func parse(
    _ input: inout RingBuffer, _ parser: inout ResponseParser, _ method: HTTPRequest.Method
  ) throws(Refusal) {
    while true {
      if current == nil {
        guard try parser.parseHead(in: &input, to: method) else { return }
        do { current = ParsedResponse(parser.head(in: input)) }
        parser.takeHead(from: &input)
      }
      switch try parser.nextBodyPart(in: &input) {
      case .bytes(let count):
        expect(count > 0 && count <= input.count, "a part of \(count) bytes")
        current?.body += input.peek(count)
        parser.takeBody(count, from: &input)
        expect(current!.body.count <= parser.bodyLimit, "a body beyond the limit")
      case .incomplete:
        return
      case .end:
        responses.append(current!)
        current = nil
      }
    }
  }
}
