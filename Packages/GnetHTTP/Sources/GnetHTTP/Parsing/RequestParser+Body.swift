public import RingBuffer

extension RequestParser {
  /// The outcome of looking for a body.
  public enum BodyPart: Sendable, Hashable {
    /// The number of bytes at the start of the input that are the body's, at least one. They stay there until
    /// ``RequestParser/takeBody(_:from:)``.
    case bytes(Int)
    /// More bytes must arrive first.
    case incomplete
    /// The body is over; a request without a body has only this part.
    case end
  }

  /// Looks for the next part of the body, and takes the framing in front of it.
  ///
  /// - Throws: the refusal of the request. The parser is of no use then.
  public mutating func nextBodyPart(in input: inout RingBuffer) throws(Refusal) -> BodyPart {
    while true {
      switch stage {
      case .head:
        return .end
      case .body(let remaining), .chunk(let remaining):
        return input.isEmpty ? .incomplete : .bytes(min(remaining, input.count))
      case .chunkSize, .trailers:
        guard try parseLine(of: &input) else { return .incomplete }
      case .chunkEnd:
        if input.isEmpty { return .incomplete }
        guard input[0] == .carriageReturn, input.count == 1 || input[1] == .lineFeed else {
          throw .badRequest("a chunk is not as long as it says")
        }
        if input.count == 1 { return .incomplete }
        input.discard(2)
        stage = .chunkSize
      }
    }
  }

  /// Takes bytes of the body out of the input, at most as many as ``nextBodyPart(in:)`` has told.
  public mutating func takeBody(_ count: Int, from input: inout RingBuffer) {
    noteTaken(count)
    input.discard(count)
  }

  /// Moves bytes of the body to a buffer, at most as many as ``nextBodyPart(in:)`` has told.
  public mutating func moveBody(_ count: Int, from input: inout RingBuffer, to body: inout RingBuffer) {
    noteTaken(count)
    input.read(count, into: &body)
  }

  private mutating func noteTaken(_ count: Int) {
    bodyByteCount += count
    switch stage {
    case .body(let remaining):
      precondition(count <= remaining, "RequestParser.takeBody: the body has fewer bytes")
      stage = count == remaining ? .head : .body(remaining: remaining - count)
    case .chunk(let remaining):
      precondition(count <= remaining, "RequestParser.takeBody: the chunk has fewer bytes")
      stage = count == remaining ? .chunkEnd : .chunk(remaining: remaining - count)
    default:
      precondition(count == 0, "RequestParser.takeBody: there is no body")
    }
  }

  /// Parses a line of the framing. Returns whether it was complete.
  private mutating func parseLine(of input: inout RingBuffer) throws(Refusal) -> Bool {
    input.makeContiguous()
    var length = 0
    do {
      let bytes = Line(_bytes: input.readable.first)
      guard let found = try lineLength(in: bytes, from: 0, isRequestLine: false) else { return false }
      length = found
      searchedCount = 0
      try take(bytes.extracting(first: length))
    }
    input.discard(length + 2)
    return true
  }

  private mutating func take(_ line: Line) throws(Refusal) {
    guard case .trailers = stage else { return try takeChunkSize(line) }
    if line.isEmpty {
      stage = .head
      fieldByteCount = 0
    } else {
      _ = try FieldLine(line)
      fieldByteCount += line.count + 2
    }
  }

  /// Begins the chunk or the trailers that a line announces.
  private mutating func takeChunkSize(_ line: Line) throws(Refusal) {
    let size = try ChunkLine.size(line)
    // The size and the line's end do not count against the limit, extensions do: a body may have many chunks.
    fieldByteCount += line.count + 2 - ChunkLine.usualLength(line.count)
    if size > bodyLimit - bodyByteCount { throw .bodyTooLarge }
    if size == 0 { fieldByteCount = 0 }
    stage = size == 0 ? .trailers : .chunk(remaining: size)
  }
}
