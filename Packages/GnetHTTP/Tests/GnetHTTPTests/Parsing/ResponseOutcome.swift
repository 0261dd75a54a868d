import HTTPTypes
import RingBuffer

@testable import GnetHTTP

/// The outcome of parsing a stream of responses.
struct ResponseOutcome: Equatable {
  struct Summary: Equatable {
    var code: Int
    var body: [UInt8] = []
    var closesConnection = false
  }

  var responses: [Summary] = []
  var refusal: Refusal?
  /// The bytes that were not taken.
  var unread: [UInt8] = []

  /// Parses `bytes`, cut at `cuts`, as responses to requests of a method.
  ///
  /// - Parameter isEnded: whether the stream ends behind the bytes.
  init(
    _ bytes: [UInt8], to method: HTTPRequest.Method = .get, cuts: [Int] = [], isEnded: Bool = false,
    limits: HTTPLimits = .init()
  ) {
    var parser = ResponseParser(limits: limits)
    var input = RingBuffer()
    var start = 0
    do throws(Refusal) {
      for end in cuts + [bytes.count] {
        input.write(bytes[start..<end])
        start = end
        if isEnded && end == bytes.count { parser.endInput() }
        try parse(&input, method, with: &parser)
      }
    } catch {
      refusal = error
    }
    unread = input.readAll()
  }

  init(_ text: String, to method: HTTPRequest.Method = .get, isEnded: Bool = false, limits: HTTPLimits = .init()) {
    self.init(Array(text.utf8), to: method, isEnded: isEnded, limits: limits)
  }

  /// The response whose body is not complete.
  private var current: Summary?

  private mutating func parse(
    _ input: inout RingBuffer, _ method: HTTPRequest.Method, with parser: inout ResponseParser
  ) throws(Refusal) {
    while true {
      if current == nil {
        guard try parser.parseHead(in: &input, to: method) else { return }
        do {
          let head = parser.head(in: input)
          current = Summary(code: head.status.code, closesConnection: head.closesConnection)
        }
        parser.takeHead(from: &input)
      }
      switch try parser.nextBodyPart(in: &input) {
      case .bytes(let count):
        current?.body += input.peek(count)
        parser.takeBody(count, from: &input)
      case .incomplete:
        return
      case .end:
        responses.append(current!)
        current = nil
      }
    }
  }
}
