/// The search for the lines of a message whose bytes arrive in pieces, and the limits of lines.
///
/// No byte is searched twice, as long as the caller searches an incomplete line from the same start again.
struct LineSearch {
  let limits: HTTPLimits
  /// The bytes of the current line that have been searched for its end.
  var searchedCount = 0
  /// The bytes so far that count against `limits.fields`.
  var fieldByteCount = 0
  /// The bytes of the current head in the lines that have been found.
  private(set) var headByteCount = 0

  init(_ limits: HTTPLimits) { self.limits = limits }

  /// Finds the next line of a head: the first line begins at 0, and the last line is empty.
  ///
  /// - Parameter bytes: the bytes from the beginning of the head.
  /// - Returns: the line without its end; `nil` if the end has not arrived yet.
  @inline(__always)
  mutating func nextHeadLine(in bytes: HTTPLine) throws(Refusal) -> Range<Int>? {
    let start = headByteCount
    guard let length = try lineLength(in: bytes, from: start, isFirst: start == 0) else { return nil }
    if start > 0 && length > 0 { fieldByteCount &+= length &+ 2 }
    headByteCount = start &+ length &+ 2
    searchedCount = 0
    return unsafe Range(uncheckedBounds: (start, start &+ length))
  }

  /// Goes on with what follows a head.
  mutating func endHead() {
    headByteCount = 0
    fieldByteCount = 0
  }

  /// The length of the line that begins at `start`, without its end; `nil` if the end has not arrived yet.
  ///
  /// The first control character of a line that is no tab must be its end.
  ///
  /// - Parameter isFirst: whether the line is the first one of a head, which has a limit of its own.
  @inline(__always)
  mutating func lineLength(in bytes: HTTPLine, from start: Int, isFirst: Bool) throws(Refusal) -> Int? {
    var index = bytes.endOfText(from: start &+ searchedCount)
    while index < bytes.count {
      let control = unsafe bytes[unchecked: index]
      if control == .carriageReturn {
        if index &+ 1 == bytes.count { break }
        try checkLength(index &- start, isFirst)
        guard unsafe bytes[unchecked: index &+ 1] == .lineFeed else { throw .controlCharacter }
        return index &- start
      }
      if control != .tab {
        try checkLength(index &- start, isFirst)
        throw control == .lineFeed ? .badRequest("a line ends with LF alone, not with CR LF") : .controlCharacter
      }
      index = bytes.endOfText(from: index &+ 1)
    }
    searchedCount = index &- start
    // The last byte may belong to the line's end.
    try checkLength(bytes.count &- start &- 1, isFirst)
    return nil
  }

  /// Refuses a line that is longer than its limit.
  @inline(__always)
  private func checkLength(_ length: Int, _ isFirst: Bool) throws(Refusal) {
    if isFirst {
      if length > limits.requestLine { throw .lineTooLong }
    } else if length > max(0, limits.fields &- fieldByteCount &- 2) {
      // The empty line at the end of a section does not count, so a section may be exactly as long as the limit.
      throw .fieldsTooLarge
    }
  }
}
