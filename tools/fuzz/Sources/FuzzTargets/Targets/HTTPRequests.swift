import RingBuffer

@testable import GnetHTTP

extension FuzzTarget {
  static let httpRequests = FuzzTarget(
    "http-requests", "requests of HTTP/1.1: pieces, and requests that are written anew", maximumLength: 512
  ) { input in
    var choices = Choices(input)
    let (limits, seed) = (choices.limits(), choices.byte())
    let exchange = outcome(of: choices.rest, cutBy: seed) { Requests($0, limits) }
    for request in exchange.requests { request.expectRoundTrip(limits) }
  }
}

extension Choices {
  /// Usual limits, or limits that an input of a fuzzer exceeds.
  mutating func limits() -> HTTPLimits {
    var limits = HTTPLimits()
    if flag() { (limits.requestLine, limits.fields, limits.body) = (40, 80, 60) }
    return limits
  }
}

/// A request that has arrived whole.
private struct ParsedRequest: Equatable {
  var method = ""
  var target = ""
  var path = ""
  var query: String?
  var isHTTP10 = false
  var persistence = Persistence.open
  var framing = BodyFraming.none
  var expectsContinue = false
  var fields: [[UInt8]] = []
  var body: [UInt8] = []

  init(_ head: RequestHead) {
    (method, target, path, query) = (head.method.rawValue, head.target, head.path, head.query)
    (isHTTP10, persistence) = (head.isHTTP10, head.index.persistence)
    (framing, expectsContinue) = (head.bodyFraming, head.expectsContinue)
    head.forEachField { name, value in fields.append(name.array + [UInt8(ascii: ":")] + value.array) }
    expect(method.utf8.count > 0 && target.utf8.count > 0, "a request without a method or a target")
    // Others than this parser take the head as a value.
    let value = head.httpRequest
    expectEqual(value.method.rawValue, method, "the method differs")
    let normal = PercentEncoding.normalize(head.pathBytes)
    expectEqual(PercentEncoding.normalize(normal.span), normal, "a normal path is changed")
    let decoded = PercentEncoding.decode(path)
    expectEqual(PercentEncoding.decode(String(decoding: normal, as: UTF8.self)), decoded, "a normal path means another")
  }

  /// The request, written anew, is parsed to the same request.
  func expectRoundTrip(_ limits: HTTPLimits) {
    var bytes = Array("\(method) \(target) HTTP/1.\(isHTTP10 ? 0 : 1)\r\n".utf8)
    for field in fields { bytes += field + Array("\r\n".utf8) }
    bytes += Array("\r\n".utf8)
    bytes += framing == .chunked ? body.chunked : body
    let again = Requests(Arrival(whole: bytes[...]), limits)
    expectEqual(again.requests, [self], "a request that is written anew is another")
    expect(again.refusal == nil && again.rest.isEmpty, "a request that is written anew is refused")
  }
}

/// The requests of a stream, and the refusal that ends it.
private struct Requests: Equatable {
  var requests: [ParsedRequest] = []
  /// The request whose body has not arrived to its end.
  var current: ParsedRequest?
  var refusal: Refusal?
  var rest: [UInt8] = []

  init(_ arrival: Arrival, _ limits: HTTPLimits) {
    var parser = RequestParser(limits: limits)
    rest = arrival.feed { input in
      do throws(Refusal) {
        try parse(&input, &parser)
        return true
      } catch {
        refusal = error
        return false
      }
    }
    // How much of a refused request was there depends on the pieces.
    if refusal != nil { (current, rest) = (nil, []) }
  }

  private mutating func parse(_ input: inout RingBuffer, _ parser: inout RequestParser) throws(Refusal) {
    while true {
      if current == nil {
        guard try parser.parseHead(in: &input) else { return }
        do { current = ParsedRequest(parser.head(in: input)) }
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
        requests.append(current!)
        current = nil
      }
    }
  }
}

extension [UInt8] {
  /// The bytes as a body of one chunk.
  var chunked: [UInt8] {
    let chunk = isEmpty ? [] : Array("\(String(count, radix: 16))\r\n".utf8) + self + Array("\r\n".utf8)
    return chunk + Array("0\r\n\r\n".utf8)
  }
}

extension Span<UInt8> {
  var array: [UInt8] { withUnsafeBufferPointer { [UInt8]($0) } }
}
