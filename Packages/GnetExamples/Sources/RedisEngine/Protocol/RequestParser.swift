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
  /// Room for so many is kept for the next request.
  private static let keptArguments = 64

  /// The arguments found so far; of a line, in `words`, otherwise in the request.
  var arguments: Span<ArgumentRange> {
    @_lifetime(borrow self)
    get { ranges.span.extracting(first: argumentCount) }
  }

  /// Those of earlier requests are overwritten one by one: to remove them would cost more than to find a request's own.
  private var ranges: [ArgumentRange] = []
  private var argumentCount = 0
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

  /// Looks for the request that `input` begins with.
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

  /// Goes on to the end of the request; `false` if it is not there yet.
  private mutating func findEnd(_ input: Bytes) throws(ReplyError) -> Bool {
    if missing == nil {
      guard !input.isEmpty else { return false }
      argumentCount = 0
      if ranges.capacity > Self.keptArguments { ranges = [] }
      isInline = input[0] != UInt8(ascii: "*")
      if isInline { return try parseLine(input) }
      guard let end = try lineEnd(input, tooLong: Self.tooLongCount) else { return false }
      guard let count = number(in: input, endingAt: end), count <= Self.argumentLimit else { throw Self.invalidCount }
      missing = max(count, 0)
      advance(to: end + 2)
    }
    while let left = missing, left > 0 {
      if bulkLength == nil {
        guard let end = try lineEnd(input, tooLong: Self.tooLongLength) else { return false }
        if input[position] != UInt8(ascii: "$") { throw Self.unexpected(input[position]) }
        guard let length = number(in: input, endingAt: end), length >= 0, length <= Self.bulkLimit else {
          throw Self.invalidLength
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

  /// The end of the line at `position`; nil if it is not there yet.
  @inline(__always)
  private mutating func lineEnd(
    _ input: Bytes, tooLong: @autoclosure () -> ReplyError
  ) throws(ReplyError) -> Int? {
    let end = input.offset(of: UInt8(ascii: "\r"), from: scanned)
    if end + 1 < input.count { return end }
    // A line end whose second byte is missing is looked at again.
    scanned = max(position, input.count - 1)
    if input.count - position > Self.lineLimit { throw tooLong() }
    return nil
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
