public import RingBuffer

extension RequestParser {
  /// Parses up to the end of the head at the start of the input.
  ///
  /// - Returns: whether the head is complete. It stays in the input, in one piece, until ``takeHead(from:)``.
  /// - Throws: the refusal of the request. The parser is of no use then.
  /// - Precondition: the body of the request before has been taken to its end.
  public mutating func parseHead(in input: inout RingBuffer) throws(Refusal) -> Bool {
    precondition(isBetweenRequests, "RequestParser.parseHead: the body of the request before has not been taken")
    if isHeadComplete { return true }
    if input.isEmpty { return false }
    if lines.headByteCount == 0 && input[0] == .carriageReturn && !skipEmptyLine(in: &input) { return false }
    input.makeContiguous()
    isHeadComplete = try parseLines(of: Line(_bytes: input.readable.first))
    return isHeadComplete
  }

  /// The head at the start of the input, once it is complete.
  @_lifetime(borrow input)
  public func head(in input: borrowing RingBuffer) -> RequestHead {
    precondition(isHeadComplete, "RequestParser.head: the head is not complete")
    let bytes = Line(_bytes: input.readable.first.extracting(first: index.end))
    return unsafe _overrideLifetime(RequestHead(bytes, index), borrowing: input)
  }

  /// Takes the complete head out of the input. The body follows, if there is one.
  public mutating func takeHead(from input: inout RingBuffer) {
    precondition(isHeadComplete, "RequestParser.takeHead: the head is not complete")
    input.discard(index.end)
    beginBody()
  }

  /// Skips the empty line that some clients send behind a body: RFC 9112, 2.2.
  ///
  /// - Returns: whether there is more to parse.
  @inline(never)
  private mutating func skipEmptyLine(in input: inout RingBuffer) -> Bool {
    if input.count == 1 { return false }
    if hasSkippedLine || input[1] != .lineFeed { return true }
    hasSkippedLine = true
    input.discard(2)
    return !input.isEmpty
  }

  /// Parses lines up to the empty one. Returns whether it was there.
  @inline(__always)
  private mutating func parseLines(of bytes: Line) throws(Refusal) -> Bool {
    while let range = try lines.nextHeadLine(in: bytes) {
      let line = unsafe bytes.extracting(unchecked: range)
      if range.lowerBound == 0 {
        index = try HeadIndex(requestLine: line)
        facts = HeadFacts(isHTTP10: index.isHTTP10)
      } else if range.isEmpty {
        try finishHead()
        return true
      } else {
        try facts.addField(line)
      }
    }
    return false
  }

  private mutating func finishHead() throws(Refusal) {
    index.end = lines.headByteCount
    index.framing = try facts.framing(limit: limits.body)
    index.persistence = facts.persistence
    index.expectsContinue = facts.expectsContinue
    body.limit = limits.body
  }

  /// Begins the body that the head announces, or the next head.
  private mutating func beginBody() {
    isHeadComplete = false
    lines.endHead()
    hasSkippedLine = false
    body.begin(index.framing)
  }
}
