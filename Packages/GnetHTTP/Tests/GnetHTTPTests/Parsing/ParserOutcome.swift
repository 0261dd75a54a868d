import RingBuffer

@testable import GnetHTTP

/// The outcome of parsing a stream of requests or of responses.
struct ParserOutcome<Summary: MessageSummary>: Equatable {
  private(set) var messages: [Summary] = []
  private(set) var refusal: Refusal?
  /// The bytes that were not taken.
  private(set) var unread: [UInt8] = []
  /// The message whose body is not complete.
  private var current: Summary?

  /// Whether the stream may end here.
  var isBetweenMessages: Bool { current == nil }

  /// Parses `bytes`, cut at `cuts`.
  ///
  /// - Parameters:
  ///   - isEnded: whether the stream ends behind the bytes.
  ///   - rotation: the place in a ring of small capacity where the first byte lies, so that lines wrap around its end.
  init<Parser: MessageParser & ~Copyable>(
    _ bytes: [UInt8], _ parser: consuming Parser, cuts: [Int], isEnded: Bool = false, rotation: Int? = nil
  ) where Parser.Summary == Summary {
    var parser = parser
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
        if isEnded && end == bytes.count { parser.endInput() }
        try parse(&input, with: &parser)
      }
    } catch {
      refusal = error
    }
    unread = input.readAll()
  }

  private mutating func parse<Parser: MessageParser & ~Copyable>(
    _ input: inout RingBuffer, with parser: inout Parser
  ) throws(Refusal) where Parser.Summary == Summary {
    while true {
      if current == nil {
        guard let head = try parser.nextHead(in: &input) else { return }
        current = head
      }
      switch try parser.nextBodyPart(in: &input) {
      case .bytes(let count):
        current?.body += input.peek(count)
        parser.takeBody(count, from: &input)
      case .incomplete:
        return
      case .end:
        messages.append(current!)
        current = nil
      }
    }
  }
}

/// The facts of a message that tests look at.
protocol MessageSummary: Equatable {
  var body: [UInt8] { get set }
}

/// A parser of requests or of responses.
protocol MessageParser: ~Copyable {
  associatedtype Summary: MessageSummary

  /// Takes the next head; `nil` if it is not complete.
  mutating func nextHead(in input: inout RingBuffer) throws(Refusal) -> Summary?
  mutating func nextBodyPart(in input: inout RingBuffer) throws(Refusal) -> BodyPart
  mutating func takeBody(_ count: Int, from input: inout RingBuffer)
  mutating func endInput()
}
