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
  /// How many bytes of the line that is arriving have been searched for its end.
  private var searchedCount = 0
  /// Whether there are control characters other than tabs among them.
  private var hasControlCharacter = false
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
      case .requestLine, .fields, .chunkSize, .trailers:
        switch try takeLines(from: &input) {
        case .isMissingBytes: return nil
        case .hasNewStage: break
        case .isComplete: return finish()
        }
      case .body(let remaining):
        let left = remaining - move(atMost: remaining, from: &input)
        if left == 0 { return finish() }
        stage = .body(remaining: left)
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

  // MARK: Lines

  /// What taking lines has led to.
  private enum Progress {
    case isMissingBytes
    case hasNewStage
    case isComplete
  }

  /// Takes lines as long as the stage is one of lines.
  @inline(__always)
  private mutating func takeLines(from input: inout RingBuffer) throws(Refusal) -> Progress {
    input.makeContiguous()
    var taken = 0
    let progress = try takeLines(of: Line(_bytes: input.readable.first), &taken)
    input.discard(taken)
    return progress
  }

  /// - Parameter taken: The length of what has been taken of `bytes`.
  private mutating func takeLines(of bytes: Line, _ taken: inout Int) throws(Refusal) -> Progress {
    while let length = try lineLength(in: bytes, from: taken) {
      let line = bytes.extracting(taken..<taken &+ length)
      taken &+= length &+ 2
      if hasControlCharacter { throw .controlCharacter }
      searchedCount = 0
      switch stage {
      case .requestLine where length == 0 && !hasSkippedLine:
        // Some clients end a body with a line end too many: RFC 9112, 2.2.
        hasSkippedLine = true
      case .requestLine:
        head = try Head(requestLine: line)
        stage = .fields
      case .fields where length == 0:
        return try isComplete(after: head.framing(limit: limits.body)) ? .isComplete : .hasNewStage
      case .fields:
        try head.addField(line)
        fieldByteCount &+= length &+ 2
      case .trailers where length == 0:
        return .isComplete
      case .trailers:
        _ = try FieldLine(line)
        fieldByteCount &+= length &+ 2
      default:
        try takeChunkSize(line)
        return .hasNewStage
      }
    }
    return .isMissingBytes
  }

  /// Takes up the chunk, or the trailers, that a line announces.
  private mutating func takeChunkSize(_ line: Line) throws(Refusal) {
    let size = try ChunkLine.size(line)
    // Extensions count against the limit, the size and the line's end do not: a body may have many chunks.
    fieldByteCount += line.count + 2 - ChunkLine.usualLength(line.count)
    if size > limits.body - body.count { throw .bodyTooLarge }
    if size == 0 { fieldByteCount = 0 }
    stage = size == 0 ? .trailers : .chunk(remaining: size)
  }

  /// The length of the line that begins at `start`, without its end; nil if the end is not there yet.
  ///
  /// The end of a line is, as a rule, its first control character, so the search tells also whether there are others.
  @inline(__always)
  private mutating func lineLength(in bytes: Line, from start: Int) throws(Refusal) -> Int? {
    var index = bytes.endOfText(from: start &+ searchedCount)
    while index < bytes.count {
      let control = bytes[index]
      if control == .lineFeed { throw .badRequest("a line ends with LF alone, not with CR LF") }
      if control == .carriageReturn {
        if index &+ 1 == bytes.count { break }
        if bytes[index &+ 1] == .lineFeed {
          try checkLength(index &- start)
          return index &- start
        }
      }
      if control != .tab { hasControlCharacter = true }
      index = bytes.endOfText(from: index &+ 1)
    }
    searchedCount = index - start
    // The last byte may belong to the line's end.
    try checkLength(bytes.count - start - 1)
    return nil
  }

  /// Refuses a line that is longer than it may be here.
  @inline(__always)
  private func checkLength(_ length: Int) throws(Refusal) {
    if case .requestLine = stage {
      if length > limits.requestLine { throw .lineTooLong }
    } else if length > max(0, limits.fields - fieldByteCount - 2) {
      // The empty line that ends a section is not charged, so the section may be exactly as long as the limit.
      throw .fieldsTooLarge
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

  @inline(__always)
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
  static let controlCharacter = Refusal.badRequest("a line contains a control character")
  static let bodyTooLarge = Refusal(.contentTooLarge, "the body is too large")
}
