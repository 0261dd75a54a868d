/// A sequence of bytes to look for in a stream that comes as any number of spans.
///
/// After Knuth, Morris and Pratt, Fast Pattern Matching in Strings, 1977: all that a search has to remember
/// is how many bytes of the pattern it has just seen. That carries a match across the gap between two spans,
/// and bounds the work at two comparisons per byte, whatever a peer sends. Where nothing is matched, it skips
/// a vector at a time.
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
  ///   - matched: How many bytes of the pattern the stream ends with: 0 at first, then as a call leaves it.
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
  @unsafe
  private static func endOfMatch(
    of bytes: UnsafeBufferPointer<UInt8>, fallbacks: UnsafeBufferPointer<Int>,
    in text: UnsafeRawBufferPointer, matched: inout Int
  ) -> Int? {
    var count = matched
    defer { matched = count }
    var position = 0
    while position < text.count {
      if count == 0 {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: text[position...])
        guard let skipped = unsafe beginning(of: bytes, in: rest) else { return nil }
        position &+= skipped &+ 1
        count = 1
      } else if unsafe bytes[count] == text[position] {
        position &+= 1
        count &+= 1
      } else {
        // The same byte again, against a shorter match.
        count = unsafe fallbacks[count]
      }
      if count == bytes.count { return position }
    }
    return nil
  }

  /// Where a match may begin in `text`: at its first two bytes, or at its first as the last of `text`.
  @unsafe
  private static func beginning(
    of bytes: UnsafeBufferPointer<UInt8>, in text: UnsafeRawBufferPointer
  ) -> Int? {
    if bytes.count == 1 { return unsafe memoryOffset(of: bytes[0], in: text) }
    return unsafe memoryOffset(of: bytes[0], before: bytes[1], in: text)
  }
}
