internal import RingBuffer

/// Finds requests in a stream: arrays of bulk strings, or lines of words.
///
/// It looks at each byte of a header once, however the stream is cut into pieces, and skips the bytes of bulk strings.
/// Nothing is copied and nothing reserved: a request stays in the input until it is there as a whole, and its
/// arguments are ranges of it. Only a line's words, which may be quoted, are put down apart.
struct RequestParser: ~Copyable {
  enum Outcome: Equatable {
    /// More bytes are needed. The next look is to begin at the same byte.
    case incomplete
    /// A request of so many bytes. Without arguments it asks for nothing.
    case request(byteCount: Int)
    /// What follows makes no sense any more.
    case failure(ReplyError)
  }

  /// The longest bulk string.
  static let bulkLimit = 512 << 20
  /// The longest line, be it a header or a request.
  static let lineLimit = 64 << 10
  /// The greatest number of arguments, as `int` has it.
  static let argumentLimit = Int(Int32.max)

  /// The arguments found so far; of a line, in `words`, otherwise in the request.
  private(set) var arguments: [ArgumentRange] = []
  /// The words of a line, one after the other.
  private(set) var words: [UInt8] = []
  private(set) var isInline = false

  /// The bytes of the request that have been understood.
  private var position = 0
  /// From where on the end of the line at `position` is looked for.
  private var scanned = 0
  /// The bulk strings that are to come; `nil` before it is known.
  private var missing: Int?
  /// The length of the bulk string at `position`, once it is known.
  private var bulkLength: Int?

  /// Whether it is amid a request.
  var isPartial: Bool { missing != nil || scanned > 0 }

  /// Looks for the request that begins `start` bytes into `input`.
  mutating func parse(_ input: borrowing RingBuffer, from start: Int = 0) -> Outcome {
    if missing == nil {
      guard input.count > start else { return .incomplete }
      arguments.removeAll(keepingCapacity: arguments.capacity <= 64)
      isInline = input[start] != UInt8(ascii: "*")
      if isInline { return parseLine(input, start) }
      switch header(input, start, tooLong: Self.tooLongCount) {
      case .incomplete: return .incomplete
      case .failure(let error): return .failure(error)
      case .value(let value):
        guard let value, value <= Self.argumentLimit else { return fail(Self.invalidCount) }
        missing = max(value, 0)
      }
    }
    while let left = missing, left > 0 {
      if bulkLength == nil {
        switch header(input, start, tooLong: Self.tooLongLength) {
        case .incomplete: return .incomplete
        case .failure(let error): return .failure(error)
        case .value(let value):
          guard let value, value >= 0, value <= Self.bulkLimit else { return fail(Self.invalidLength) }
          bulkLength = value
        }
      }
      guard let length = bulkLength, input.count - start >= position + length + 2 else { return .incomplete }
      arguments.append(ArgumentRange(offset: position, count: length))
      position += length + 2
      scanned = position
      bulkLength = nil
      missing = left - 1
    }
    return finish()
  }

  private enum Header {
    case incomplete
    case value(Int?)
    case failure(ReplyError)
  }

  /// Reads the line at `position`: a sign, which for a bulk string is `$`, and a number.
  private mutating func header(_ input: borrowing RingBuffer, _ start: Int, tooLong: ReplyError) -> Header {
    let line = start + position
    guard let end = input.firstIndex(of: UInt8(ascii: "\r"), from: start + max(scanned, position)),
      end + 1 < input.count
    else {
      // A line end whose second byte is missing is looked at again.
      scanned = max(position, input.count - start - 1)
      if input.count - line > Self.lineLimit {
        reset()
        return .failure(tooLong)
      }
      return .incomplete
    }
    if missing != nil && input[line] != UInt8(ascii: "$") {
      let error = Self.unexpected(input[line])
      reset()
      return .failure(error)
    }
    position = end + 2 - start
    scanned = position
    return .value(Self.integer(input, line + 1, end))
  }

  /// The number between two offsets.
  private static func integer(_ input: borrowing RingBuffer, _ start: Int, _ end: Int) -> Int? {
    // Nearly all are of one digit or two, with no sign.
    if end - start == 1 {
      let digit = Int(input[start]) - Int(UInt8(ascii: "0"))
      return digit >= 0 && digit <= 9 ? digit : nil
    }
    guard end - start <= 20 else { return nil }
    var text = InlineArray<20, UInt8>(repeating: 0)
    for index in start..<max(start, end) { text[index - start] = input[index] }
    return text.span.extracting(0..<max(0, end - start)).integer
  }

  private mutating func parseLine(_ input: borrowing RingBuffer, _ start: Int) -> Outcome {
    guard let end = input.firstIndex(of: UInt8(ascii: "\n"), from: start + scanned) else {
      scanned = input.count - start
      return scanned > Self.lineLimit ? fail(Self.tooLongLine) : .incomplete
    }
    if end - start > Self.lineLimit { return fail(Self.tooLongLine) }
    var line: [UInt8] = []
    line.reserveCapacity(end - start)
    for index in start..<end { line.append(input[index]) }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    words.removeAll(keepingCapacity: words.capacity <= 4096)
    guard splitLine(line.span, into: &words, &arguments) else { return fail(Self.unbalancedQuotes) }
    position = end + 1 - start
    return finish()
  }

  private mutating func finish() -> Outcome {
    let byteCount = position
    reset()
    return .request(byteCount: byteCount)
  }

  private mutating func fail(_ error: ReplyError) -> Outcome {
    reset()
    return .failure(error)
  }

  private mutating func reset() {
    position = 0
    scanned = 0
    missing = nil
    bulkLength = nil
  }

  private static let invalidCount = ReplyError("ERR Protocol error: invalid multibulk length")
  private static let invalidLength = ReplyError("ERR Protocol error: invalid bulk length")
  private static let tooLongCount = ReplyError("ERR Protocol error: too big mbulk count string")
  private static let tooLongLength = ReplyError("ERR Protocol error: too big bulk count string")
  private static let tooLongLine = ReplyError("ERR Protocol error: too big inline request")
  private static let unbalancedQuotes = ReplyError("ERR Protocol error: unbalanced quotes in request")

  private static func unexpected(_ byte: UInt8) -> ReplyError {
    ReplyError(quoting: Array("ERR Protocol error: expected '$', got '".utf8) + [byte, UInt8(ascii: "'")])
  }
}
