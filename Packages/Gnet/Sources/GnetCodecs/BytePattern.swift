/// A sequence of bytes to look for in a stream that comes as any number of spans.
///
/// After Knuth, Morris and Pratt, Fast Pattern Matching in Strings, 1977: all that a search has to remember is how
/// many bytes of the pattern it has just seen. That carries a match across the gap between two spans, and no byte
/// is compared more than twice on average, whatever a peer sends. Where nothing is matched yet, `memchr(3)` skips.
struct BytePattern: Sendable {
  /// The bytes to look for; at least one.
  let bytes: [UInt8]

  /// For each number of matched bytes, how many still match when the next byte does not.
  ///
  /// That is the length of the longest proper prefix of `bytes` that these matched bytes end with.
  private let fallbacks: [Int]

  /// Prepares a search.
  ///
  /// - Complexity: O(`bytes.count`).
  init(_ bytes: [UInt8]) {
    assert(!bytes.isEmpty)
    var fallbacks = [Int](repeating: 0, count: bytes.count)
    var matched = 0
    for index in bytes.indices.dropFirst() {
      fallbacks[index] = matched
      while matched > 0 && bytes[matched] != bytes[index] { matched = fallbacks[matched] }
      if bytes[matched] == bytes[index] { matched += 1 }
    }
    self.bytes = bytes
    self.fallbacks = fallbacks
  }

  /// The end of the first match in the next span of a stream.
  ///
  /// - Parameters:
  ///   - span: The bytes that follow those of the call before.
  ///   - matched: How many bytes of the pattern the stream ends with: 0 at first, then as the last call left it.
  /// - Returns: The offset in `span` just behind the match, or nil when it has no end there.
  /// - Complexity: O(`span.byteCount`).
  func endOfMatch(in span: RawSpan, matched: inout Int) -> Int? {
    unsafe span.withUnsafeBytes { text in
      unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe fallbacks.withUnsafeBufferPointer { fallbacks in
          unsafe Self.endOfMatch(of: bytes, fallbacks: fallbacks, in: text, matched: &matched)
        }
      }
    }
  }

  /// The same, without the checks of an array on a path that a peer can make long.
  private static func endOfMatch(
    of bytes: UnsafeBufferPointer<UInt8>, fallbacks: UnsafeBufferPointer<Int>,
    in text: UnsafeRawBufferPointer, matched: inout Int
  ) -> Int? {
    let first = unsafe bytes[0]
    var count = matched
    defer { matched = count }
    var position = 0
    while position < text.count {
      let byte = unsafe text[position]
      while unsafe count > 0 && bytes[count] != byte { count = unsafe fallbacks[count] }
      if unsafe bytes[count] == byte {
        count &+= 1
        position &+= 1
        if count == bytes.count { return position }
      } else {
        // Nothing is matched: on to the next byte that could begin a match.
        let rest = unsafe UnsafeRawBufferPointer(rebasing: text[(position &+ 1)...])
        guard let skipped = unsafe memoryOffset(of: first, in: rest) else { return nil }
        position &+= skipped &+ 1
      }
    }
    return nil
  }
}
