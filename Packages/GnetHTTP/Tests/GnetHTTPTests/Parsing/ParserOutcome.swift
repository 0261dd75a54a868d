import HTTPTypes
import RingBuffer

@testable import GnetHTTP

/// The outcome of parsing a stream.
struct ParserOutcome: Equatable {
  struct Summary: Equatable {
    var method: HTTPRequest.Method
    var path: String
    var persistence = Persistence.open
    var body: [UInt8] = []
  }

  var requests: [Summary] = []
  var refusal: Refusal?
  /// Whether the stream may end here.
  var isBetweenRequests = true
  /// The bytes that were not taken.
  var unread: [UInt8] = []

  /// Parses `bytes`, cut at `cuts`.
  ///
  /// - Parameter rotation: Where in a ring of small capacity the first byte lies, so that lines wrap around its end.
  init(_ bytes: [UInt8], cuts: [Int] = [], limits: HTTPLimits = .init(), rotation: Int? = nil) {
    var parser = RequestParser(limits: limits)
    var input = RingBuffer()
    if let rotation {
      input.write([UInt8](repeating: 0, count: rotation + 1))
      input.discard(rotation)
    }
    var start = 0
    do throws(Refusal) {
      for end in cuts + [bytes.count] {
        input.write(bytes[start..<end])
        // With a byte left behind the ring goes on from where it was and does not start over.
        if rotation != nil && start == 0 { input.discard(1) }
        start = end
        try parse(&input, with: &parser)
      }
    } catch {
      refusal = error
    }
    isBetweenRequests = current == nil
    unread = input.readAll()
  }

  /// The request whose body is not complete.
  private var current: Summary?

  private mutating func parse(_ input: inout RingBuffer, with parser: inout RequestParser) throws(Refusal) {
    while true {
      if current == nil {
        guard try parser.parseHead(in: &input) else { return }
        do {
          let head = parser.head(in: input)
          current = Summary(method: head.method, path: head.path, persistence: head.index.persistence)
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
        requests.append(current!)
        current = nil
      }
    }
  }

  init(_ text: String, limits: HTTPLimits = .init()) { self.init(Array(text.utf8), limits: limits) }
}
