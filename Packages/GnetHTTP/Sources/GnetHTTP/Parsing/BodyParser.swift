internal import RingBuffer

/// A part of a message's body.
public enum BodyPart: Sendable, Hashable {
  /// The number of bytes at the start of the input that are the body's, at least one. They stay there until the parser is
  /// told to take or to move them.
  case bytes(Int)
  /// More bytes must arrive first.
  case incomplete
  /// The body is over; a message without a body has only this part.
  case end
}

/// The body of the current message: finds its parts, and takes the framing in front of them.
struct BodyParser {
  /// The part of a body that the next bytes belong to.
  private enum Stage {
    case over
    case length(remaining: Int)
    case chunkSize
    case chunk(remaining: Int)
    case chunkEnd
    case trailers
    case untilClose
  }

  private var stage = Stage.over
  /// The most bytes of the body.
  var limit: Int
  /// The bytes of the body that have been taken.
  private(set) var byteCount = 0

  init(limit: Int) { self.limit = limit }

  /// Begins the body of a message.
  @inline(__always)
  mutating func begin(_ framing: BodyFraming) {
    byteCount = 0
    switch framing {
    case .none: stage = .over
    case .length(let count): stage = .length(remaining: count)
    case .chunked: stage = .chunkSize
    case .untilClose: stage = .untilClose
    }
  }

  /// Whether no bytes of the body are to come.
  @inline(__always)
  var isOver: Bool {
    if case .over = stage { true } else { false }
  }

  /// Whether bytes of the body are still to come, and none has been taken.
  var isUntouched: Bool {
    switch stage {
    case .length, .chunkSize: byteCount == 0
    default: false
    }
  }

  /// Whether the rest of the body is not known to have more than `count` bytes.
  func isRestShort(_ count: Int) -> Bool {
    if case .length(let remaining) = stage { remaining <= count } else { true }
  }

  /// Whether the body ends where the connection ends.
  var endsWithConnection: Bool {
    if case .untilClose = stage { true } else { false }
  }

  /// Takes in that the connection has ended, of a body that ends with it.
  mutating func end() {
    assert(endsWithConnection)
    stage = .over
  }

  /// Looks for the next part of the body, and takes the framing in front of it.
  mutating func nextPart(in input: inout RingBuffer, _ lines: inout LineSearch) throws(Refusal) -> BodyPart {
    while true {
      switch stage {
      case .over:
        return .end
      case .length(let remaining), .chunk(let remaining):
        return input.isEmpty ? .incomplete : .bytes(min(remaining, input.count))
      case .chunkSize, .trailers:
        guard try parseLine(of: &input, &lines) else { return .incomplete }
      case .chunkEnd:
        if input.isEmpty { return .incomplete }
        guard input[0] == .carriageReturn, input.count == 1 || input[1] == .lineFeed else {
          throw .badRequest("a chunk is not as long as it says")
        }
        if input.count == 1 { return .incomplete }
        input.discard(2)
        stage = .chunkSize
      case .untilClose:
        if input.isEmpty { return .incomplete }
        if byteCount == limit { throw .bodyTooLarge }
        return .bytes(min(input.count, limit - byteCount))
      }
    }
  }

  /// Takes in that the caller takes bytes of the part that was found last.
  mutating func noteTaken(_ count: Int) {
    byteCount += count
    switch stage {
    case .length(let remaining):
      precondition(count <= remaining, "the body has fewer bytes")
      stage = count == remaining ? .over : .length(remaining: remaining - count)
    case .chunk(let remaining):
      precondition(count <= remaining, "the chunk has fewer bytes")
      stage = count == remaining ? .chunkEnd : .chunk(remaining: remaining - count)
    case .untilClose:
      precondition(byteCount <= limit, "the body may have fewer bytes")
    default:
      precondition(count == 0, "there is no body")
    }
  }

  // MARK: Chunks

  /// Parses a line of the framing. Returns whether it was complete.
  private mutating func parseLine(of input: inout RingBuffer, _ lines: inout LineSearch) throws(Refusal) -> Bool {
    input.makeContiguous()
    var length = 0
    do {
      let bytes = Span<UInt8>(_bytes: input.readable.first)
      guard let found = try lines.lineLength(in: HTTPLine(bytes), from: 0, isFirst: false) else { return false }
      length = found
      lines.searchedCount = 0
      try take(HTTPLine(bytes.extracting(first: length)), &lines)
    }
    input.discard(length + 2)
    return true
  }

  private mutating func take(_ line: HTTPLine, _ lines: inout LineSearch) throws(Refusal) {
    guard case .trailers = stage else { return try takeChunkSize(line, &lines) }
    if line.isEmpty {
      stage = .over
      lines.fieldByteCount = 0
    } else {
      _ = try FieldLine(line)
      lines.fieldByteCount += line.count + 2
    }
  }

  /// Begins the chunk or the trailers that a line announces.
  private mutating func takeChunkSize(_ line: HTTPLine, _ lines: inout LineSearch) throws(Refusal) {
    let size = try ChunkLine.size(line)
    // The size and the line's end do not count against the limit, extensions do: a body may have many chunks.
    lines.fieldByteCount += line.count + 2 - ChunkLine.usualLength(line.count)
    if size > limit - byteCount { throw .bodyTooLarge }
    if size == 0 { lines.fieldByteCount = 0 }
    stage = size == 0 ? .trailers : .chunk(remaining: size)
  }
}
