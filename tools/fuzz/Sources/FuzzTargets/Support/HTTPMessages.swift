import RingBuffer

@testable import GnetHTTP

/// A parser of requests or of responses.
protocol MessageParser: ~Copyable {
  /// The facts of a head beside its fields and the framing of its body.
  associatedtype Start: Equatable

  /// Takes the next head; `nil` if it has not arrived whole.
  mutating func nextHead(in input: inout RingBuffer) throws(Refusal) -> ParsedMessage<Start>?
  mutating func nextBodyPart(in input: inout RingBuffer) throws(Refusal) -> BodyPart
  mutating func takeBody(_ count: Int, from input: inout RingBuffer)
  mutating func endInput()
  var bodyLimit: Int { get }
}

/// A message that has arrived whole, or whose body is arriving.
struct ParsedMessage<Start: Equatable>: Equatable {
  var start: Start
  let framing: BodyFraming
  var fields: [[UInt8]] = []
  var body: [UInt8] = []

  init(_ start: Start, _ framing: BodyFraming) { (self.start, self.framing) = (start, framing) }

  mutating func addField(_ name: Span<UInt8>, _ value: Span<UInt8>) {
    fields.append(name.array + [UInt8(ascii: ":")] + value.array)
  }

  /// The message, written anew, is parsed to the same message.
  ///
  /// - Parameter parser: a parser at the beginning of a stream.
  func expectRoundTrip<Parser: MessageParser & ~Copyable>(firstLine: String, _ parser: consuming Parser)
  where Parser.Start == Start {
    var bytes = Array("\(firstLine)\r\n".utf8)
    for field in fields { bytes += field + Array("\r\n".utf8) }
    bytes += Array("\r\n".utf8)
    bytes += framing == .chunked ? body.chunked : body
    let again = ParsedMessages(Arrival(whole: bytes[...]), isEnded: framing == .untilClose, parser)
    expectEqual(again.whole, [self], "a message that is written anew is another")
    expect(again.refusal == nil && again.rest.isEmpty, "a message that is written anew is refused")
  }
}

/// The messages of a stream, and the refusal that ends it.
struct ParsedMessages<Start: Equatable>: Equatable {
  private(set) var whole: [ParsedMessage<Start>] = []
  /// The message whose body has not arrived to its end.
  private var current: ParsedMessage<Start>?
  private(set) var refusal: Refusal?
  private(set) var rest: [UInt8] = []

  /// - Parameter isEnded: whether the peer ends its stream behind the bytes.
  init<Parser: MessageParser & ~Copyable>(_ arrival: Arrival, isEnded: Bool = false, _ parser: consuming Parser)
  where Parser.Start == Start {
    var parser = parser
    var left = arrival.pieces.count
    rest = arrival.feed { input in
      left -= 1
      do throws(Refusal) {
        try parse(&input, &parser)
        if left == 0 && isEnded {
          parser.endInput()
          try parse(&input, &parser)
        }
        return true
      } catch {
        refusal = error
        return false
      }
    }
    // The length of a refused message so far depends on the pieces.
    if refusal != nil { (current, rest) = (nil, []) }
  }

  private mutating func parse<Parser: MessageParser & ~Copyable>(
    _ input: inout RingBuffer, _ parser: inout Parser
  ) throws(Refusal) where Parser.Start == Start {
    while true {
      if current == nil {
        guard let head = try parser.nextHead(in: &input) else { return }
        current = head
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
        whole.append(current!)
        current = nil
      }
    }
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
