package import RingBuffer

/// Parses requests from a stream of bytes that arrives in pieces of any size.
///
/// Follows RFC 9112 strictly: leniency lets two programs see two different requests in the same bytes. Lines end with
/// CR LF and nothing else.
///
/// Parsed bytes leave the buffer and are never read again, so a request costs the same in one piece as byte by byte.
/// Memory is used only for the bytes that have arrived: a declared length reserves nothing.
package struct HTTPParser: ~Copyable {
  /// The limits of a request's parts.
  package struct Limits: Sendable {
    /// The most bytes of a request line, without its end. More is 414.
    package var requestLine = 8 << 10
    /// The most bytes of all field lines, with their ends. More is 431. Trailers and the extensions of chunks count
    /// anew.
    package var fields = 32 << 10
    /// The most bytes of a body. More is 413, as soon as the length is declared.
    package var body = 2 << 20

    /// Creates the default limits.
    package init() {}
  }

  /// The part of a request that the next bytes belong to.
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
  /// The number of bytes of the current line that have been searched for its end.
  private var searchedCount = 0
  /// Whether there are control characters other than tabs among the searched bytes.
  private var hasControlCharacter = false
  /// The bytes so far that count against `limits.fields`.
  private var fieldByteCount = 0
  /// Whether an empty line was skipped before this request.
  private var hasSkippedLine = false

  /// Creates a parser for one connection.
  package init(limits: Limits = Limits()) { self.limits = limits }

  /// Whether the parser has no part of a request.
  package var isBetweenRequests: Bool {
    if case .requestLine = stage { true } else { false }
  }

  /// Whether the current request is known to be a HEAD, whose answer has no body.
  package var isHead: Bool { !isBetweenRequests && head.method == .head }

  /// Parses bytes up to the end of the next request.
  ///
  /// - Returns: the request; `nil` if it is not complete yet.
  /// - Throws: the refusal of a request. The parser is of no use then.
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

  /// Whether the client waits for a `100 Continue` before it sends the body. True once: the caller must send it.
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

  /// The outcome of parsing lines.
  private enum Progress {
    case isMissingBytes
    case hasNewStage
    case isComplete
  }

  /// Parses lines as long as the stage is one of lines.
  @inline(__always)
  private mutating func takeLines(from input: inout RingBuffer) throws(Refusal) -> Progress {
    input.makeContiguous()
    var taken = 0
    let progress = try takeLines(of: Line(_bytes: input.readable.first), &taken)
    input.discard(taken)
    return progress
  }

  /// - Parameter taken: the number of parsed bytes at the start of `bytes`.
  private mutating func takeLines(of bytes: Line, _ taken: inout Int) throws(Refusal) -> Progress {
    while let length = try lineLength(in: bytes, from: taken) {
      let line = bytes.extracting(taken..<taken &+ length)
      taken &+= length &+ 2
      if hasControlCharacter { throw .controlCharacter }
      searchedCount = 0
      switch stage {
      case .requestLine where length == 0 && !hasSkippedLine:
        // Some clients end a body with an additional line end: RFC 9112, 2.2.
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

  /// Begins the chunk or the trailers that a line announces.
  private mutating func takeChunkSize(_ line: Line) throws(Refusal) {
    let size = try ChunkLine.size(line)
    // The size and the line's end do not count against the limit, extensions do: a body may have many chunks.
    fieldByteCount += line.count + 2 - ChunkLine.usualLength(line.count)
    if size > limits.body - body.count { throw .bodyTooLarge }
    if size == 0 { fieldByteCount = 0 }
    stage = size == 0 ? .trailers : .chunk(remaining: size)
  }

  /// The length of the line that begins at `start`, without its end; `nil` if the end has not arrived yet.
  ///
  /// The first control character of a line is usually its end. The search also finds out whether there are others.
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

  /// Refuses a line that is longer than its limit.
  @inline(__always)
  private func checkLength(_ length: Int) throws(Refusal) {
    if case .requestLine = stage {
      if length > limits.requestLine { throw .lineTooLong }
    } else if length > max(0, limits.fields - fieldByteCount - 2) {
      // The empty line at the end of a section does not count, so a section may be exactly as long as the limit.
      throw .fieldsTooLarge
    }
  }

  // MARK: Parts

  /// Begins the body that the head announces. Returns whether there is none.
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
    // An idle connection keeps nothing of its last request.
    defer { head.path = "" }
    return Request(method: head.method, path: head.path, persistence: head.persistence, body: whole)
  }

  /// Moves up to `limit` bytes of `input` to the body. Returns their number.
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
