/// Finds requests in a stream: arrays of bulk strings, or lines of words.
///
/// Reads each byte of a header once, also if the stream arrives in small pieces, and skips the bytes of bulk strings. A
/// request stays in the input until it is complete, and its arguments are ranges of the input. Only the words of a line
/// are copied, since they may be quoted.
struct RequestParser: ~Copyable {
  enum Outcome: Equatable {
    /// More bytes are needed. The next call must begin at the same byte.
    case incomplete
    /// A request, and the number of its bytes. Without arguments it asks for nothing.
    case request(byteCount: Int)
    /// The bytes are no request, and the rest of the stream cannot be parsed.
    case failure(ReplyError)
  }

  /// The longest bulk string.
  static let bulkLimit = 512 << 20
  /// The longest line: a header or a request.
  static let lineLimit = 64 << 10
  /// The greatest number of arguments, the maximum of an `int` in C.
  static let argumentLimit = Int(Int32.max)
  /// The most argument ranges whose memory is kept for the next request.
  private static let keptArguments = 64

  /// The arguments found so far. The arguments of a line are ranges of `words`, others of the request.
  var arguments: Span<ArgumentRange> {
    @_lifetime(borrow self)
    get { ranges.span.extracting(first: argumentCount) }
  }

  /// The ranges, overwritten one by one: removing those of earlier requests would cost more than finding the next.
  private var ranges: [ArgumentRange] = []
  private var argumentCount = 0
  /// The words of a line, side by side.
  private(set) var words: [UInt8] = []
  private(set) var isInline = false

  /// The number of parsed bytes of the request.
  private var position = 0
  /// The offset from which the end of the line at `position` is searched.
  private var scanned = 0
  /// The number of bulk strings to come; `nil` before it is known.
  private var missing: Int?
  /// The length of the bulk string at `position`; `nil` before it is known.
  private var bulkLength: Int?

  /// Whether a part of a request has been parsed.
  var isPartial: Bool { missing != nil || scanned > 0 }

  /// Parses the request at the start of `input`.
  mutating func parse(_ input: Bytes) -> Outcome {
    do throws(ReplyError) {
      guard try findEnd(input) else { return .incomplete }
    } catch {
      reset()
      return .failure(error)
    }
    let byteCount = position
    reset()
    return .request(byteCount: byteCount)
  }

  /// Parses on to the end of the request. Returns whether it has arrived.
  private mutating func findEnd(_ input: Bytes) throws(ReplyError) -> Bool {
    if missing == nil {
      guard !input.isEmpty else { return false }
      argumentCount = 0
      if ranges.capacity > Self.keptArguments { ranges = [] }
      isInline = input[0] != UInt8(ascii: "*")
      if isInline { return try parseLine(input) }
      guard let end = try lineEnd(input, tooLong: Self.tooLongCount) else { return false }
      guard let count = number(in: input, endingAt: end), count <= Self.argumentLimit else {
        if try isHidden(input, end, tooLong: Self.tooLongCount) { return false }
        throw Self.invalidCount
      }
      missing = max(count, 0)
      advance(to: end + 2)
    }
    while let left = missing, left > 0 {
      if bulkLength == nil {
        guard let end = try lineEnd(input, tooLong: Self.tooLongLength) else { return false }
        guard input[position] == UInt8(ascii: "$"), let length = number(in: input, endingAt: end), length >= 0,
          length <= Self.bulkLimit
        else {
          if try isHidden(input, end, tooLong: Self.tooLongLength) { return false }
          throw input[position] == UInt8(ascii: "$") ? Self.invalidLength : Self.unexpected(input[position])
        }
        bulkLength = length
        advance(to: end + 2)
      }
      guard let length = bulkLength, input.count >= position + length + 2 else { return false }
      addArgument(ArgumentRange(offset: position, count: length))
      advance(to: position + length + 2)
      bulkLength = nil
      missing = left - 1
    }
    return true
  }

  @inline(__always)
  private mutating func addArgument(_ range: ArgumentRange) {
    if argumentCount < ranges.count { ranges[argumentCount] = range } else { ranges.append(range) }
    argumentCount += 1
  }

  private mutating func advance(to offset: Int) {
    position = offset
    scanned = offset
  }

  /// The offset of the end of the line at `position`; `nil` if it has not arrived yet.
  @inline(__always)
  private mutating func lineEnd(
    _ input: Bytes, tooLong: @autoclosure () -> ReplyError
  ) throws(ReplyError) -> Int? {
    let end = input.offset(of: UInt8(ascii: "\r"), from: scanned)
    if end + 1 < input.count { return end }
    // A line end without its second byte is searched again.
    scanned = max(position, input.count - 1)
    if input.count - position > Self.lineLimit { throw tooLong() }
    return nil
  }

  /// Whether a line is incomplete because of a zero byte in it. As in redis, a zero byte hides the end of its line, and
  /// of all lines behind it.
  private mutating func isHidden(
    _ input: Bytes, _ end: Int, tooLong: @autoclosure () -> ReplyError
  ) throws(ReplyError) -> Bool {
    guard input.extracting(first: end).offset(of: 0, from: position) < end else { return false }
    scanned = position
    if input.count - position > Self.lineLimit { throw tooLong() }
    return true
  }

  /// The number behind the sign at `position`.
  @inline(__always)
  private func number(in input: Bytes, endingAt end: Int) -> Int? {
    input.extracting(min(position + 1, end)..<end).integer
  }

  private mutating func parseLine(_ input: Bytes) throws(ReplyError) -> Bool {
    let end = input.offset(of: UInt8(ascii: "\n"), from: scanned)
    if end == input.count {
      scanned = end
      if scanned > Self.lineLimit { throw Self.tooLongLine }
      return false
    }
    if try isHidden(input, end, tooLong: Self.tooLongLine) { return false }
    var line = input.extracting(first: end)
    if end > 0, line[end - 1] == UInt8(ascii: "\r") { line = line.extracting(droppingLast: 1) }
    words.removeAll(keepingCapacity: words.capacity <= 4096)
    ranges.removeAll(keepingCapacity: true)
    guard splitLine(line, into: &words, &ranges) else { throw Self.unbalancedQuotes }
    argumentCount = ranges.count
    position = end + 1
    return true
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
