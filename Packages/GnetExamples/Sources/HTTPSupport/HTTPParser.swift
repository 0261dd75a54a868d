package import RingBuffer

/// Takes requests from a stream of bytes, however it is cut into pieces: RFC 9112, without the leniency that lets
/// two programs see two different requests in the same bytes.
///
/// Lines end with CR LF and nothing else. What has been looked at is taken from the buffer and never looked at again,
/// so a request costs the same in one piece as byte by byte, and it occupies what has arrived of its body
/// and of one line: a declared length reserves nothing.
package struct HTTPParser: ~Copyable {
  /// How much of everything is accepted.
  package struct Limits: Sendable {
    /// The bytes of a request line, without its end; more is 414.
    package var requestLine = 8 << 10
    /// The bytes of all field lines, with their ends; for trailers and for the extensions of chunks, anew. More is 431.
    package var fields = 32 << 10
    /// The bytes of a body; more is 413, as soon as it is declared.
    package var body = 2 << 20

    /// The limits as documented.
    package init() {}
  }

  /// What the next bytes are.
  enum Stage {
    case requestLine
    case fields
    case body(remaining: Int)
    case chunkSize
    case chunk(remaining: Int)
    case chunkEnd
    case trailers
  }

  let limits: Limits
  var stage = Stage.requestLine
  var head = Head()
  private(set) var body = RingBuffer()
  /// How many bytes of the line that is arriving are known to contain no line feed.
  private var searchedCount = 0
  /// The bytes that count against `limits.fields` so far.
  private var fieldByteCount = 0
  /// Whether an empty line was skipped before this request.
  private var hasSkippedLine = false

  /// Creates a parser for one connection.
  package init(limits: Limits = Limits()) { self.limits = limits }

  /// Whether no byte of a request that is not complete has been taken.
  package var isBetweenRequests: Bool {
    if case .requestLine = stage { true } else { false }
  }

  /// Whether the request that is arriving is known to be a HEAD, whose answer has no body.
  package var isHead: Bool { !isBetweenRequests && head.method == .head }

  /// Takes bytes up to the end of the next request.
  ///
  /// - Returns: The request, or nil if it is not complete yet. Once a refusal was thrown there is nothing more to ask.
  package mutating func next(from input: inout RingBuffer) throws(Refusal) -> Request? {
    while !input.isEmpty {
      switch stage {
      case .requestLine:
        guard let length = try lineLength(in: input, atMost: limits.requestLine, or: .lineTooLong) else { return nil }
        if length == 0 && !hasSkippedLine {
          // Some clients end a body with a line end too many: RFC 9112, 2.2.
          hasSkippedLine = true
        } else {
          head = try Self.withLine(length, of: input) { line throws(Refusal) in try Head(requestLine: line) }
          stage = .fields
        }
        takeLine(length, from: &input)
      case .fields:
        guard let length = try fieldLineLength(in: input) else { return nil }
        if length > 0 { try Self.withLine(length, of: input) { line throws(Refusal) in try head.addField(line) } }
        takeLine(length, from: &input)
        if length == 0, try isComplete(after: head.framing(limit: limits.body)) { return finish() }
      case .body(let remaining):
        let left = remaining - move(atMost: remaining, from: &input)
        if left == 0 { return finish() }
        stage = .body(remaining: left)
      case .chunkSize:
        guard let length = try fieldLineLength(in: input) else { return nil }
        let size = try Self.withLine(length, of: input) { line throws(Refusal) in try ChunkLine.size(line) }
        takeLine(length, from: &input)
        // Extensions count against the limit, the size and the line's end do not: a body may have many chunks.
        fieldByteCount -= ChunkLine.usualLength(length)
        if size > limits.body - body.count { throw .bodyTooLarge }
        if size == 0 { fieldByteCount = 0 }
        stage = size == 0 ? .trailers : .chunk(remaining: size)
      case .chunk(let remaining):
        let left = remaining - move(atMost: remaining, from: &input)
        stage = left == 0 ? .chunkEnd : .chunk(remaining: left)
      case .chunkEnd:
        guard input[0] == .carriageReturn, input.count == 1 || input[1] == .lineFeed else {
          throw .badRequest("a chunk is not as long as it says")
        }
        if input.count == 1 { return nil }
        input.discard(2)
        stage = .chunkSize
      case .trailers:
        guard let length = try fieldLineLength(in: input) else { return nil }
        if length > 0 { _ = try Self.withLine(length, of: input) { line throws(Refusal) in try FieldLine(line) } }
        takeLine(length, from: &input)
        if length == 0 { return finish() }
      }
    }
    return nil
  }

  /// Whether the client waits for a `100 Continue` before it sends the body. Asking answers it: it is true once.
  package mutating func takeExpectation() -> Bool {
    guard head.expectsContinue, !isBetweenRequests, body.isEmpty else { return false }
    switch stage {
    case .body, .chunkSize:
      head.expectsContinue = false
      return true
    default:
      return false
    }
  }

  // MARK: Parts

  /// Takes up the body that the head announces; true if there is none.
  private mutating func isComplete(after framing: Head.Framing) -> Bool {
    fieldByteCount = 0
    switch framing {
    case .none: return true
    case .length(let count): stage = .body(remaining: count)
    case .chunked: stage = .chunkSize
    }
    return false
  }

  private mutating func finish() -> Request {
    var whole = RingBuffer()
    swap(&whole, &body)
    stage = .requestLine
    fieldByteCount = 0
    hasSkippedLine = false
    // A connection that is idle keeps nothing of what it has asked for.
    defer { head.path = "" }
    return Request(method: head.method, path: head.path, persistence: head.persistence, body: whole)
  }

  /// The length of the line at the front of `input` without its end; nil if the end is not there yet.
  private mutating func lineLength(
    in input: borrowing RingBuffer, atMost limit: Int, or excess: Refusal
  ) throws(Refusal) -> Int? {
    guard let lineFeed = input.firstIndex(of: .lineFeed, from: searchedCount) else {
      searchedCount = input.count
      // The last byte may belong to the line's end.
      if input.count > limit + 1 { throw excess }
      return nil
    }
    guard lineFeed > 0, input[lineFeed - 1] == .carriageReturn else {
      throw .badRequest("a line ends with LF alone, not with CR LF")
    }
    if lineFeed - 1 > limit { throw excess }
    return lineFeed - 1
  }

  /// The same for a line that counts against `limits.fields`, which is charged for it.
  private mutating func fieldLineLength(in input: borrowing RingBuffer) throws(Refusal) -> Int? {
    // The empty line that ends a section is not charged, so the section may be exactly as long as the limit.
    let limit = max(0, limits.fields - fieldByteCount - 2)
    guard let length = try lineLength(in: input, atMost: limit, or: .fieldsTooLarge) else { return nil }
    if length > 0 { fieldByteCount += length + 2 }
    return length
  }

  /// Lends the line at the front of `input` in one piece: where the ring wraps in the middle of it, as a copy.
  private static func withLine<R: ~Copyable>(
    _ length: Int, of input: borrowing RingBuffer, _ body: (Line) throws(Refusal) -> R
  ) throws(Refusal) -> R {
    let segments = input.readable(prefix: length)
    if segments.second.isEmpty { return try body(Span(_bytes: segments.first)) }
    var copy: [UInt8] = []
    for index in 0..<length { copy.append(input[index]) }
    return try body(copy.span)
  }

  private mutating func takeLine(_ length: Int, from input: inout RingBuffer) {
    input.discard(length + 2)
    searchedCount = 0
  }

  /// Moves up to `limit` bytes of `input` to the body, and returns how many.
  private mutating func move(atMost limit: Int, from input: inout RingBuffer) -> Int {
    do {
      let part = input.readable(prefix: limit)
      body.write(part.first)
      body.write(part.second)
    }
    return input.discard(limit)
  }
}

extension Refusal {
  static let lineTooLong = Refusal(.uriTooLong, "the request line is too long")
  static let fieldsTooLarge = Refusal(.headerFieldsTooLarge, "the header fields are too large")
  static let bodyTooLarge = Refusal(.contentTooLarge, "the body is too large")
}
