extension RingBuffer {
  /// A sequence of bytes to search for, prepared so that a search is linear and may go from span to span.
  ///
  /// ```swift
  /// let endOfHead = RingBuffer.Pattern("\r\n\r\n".utf8)
  /// if let end = ring.firstRange(of: endOfHead) {
  ///   let head = ring.read(end.upperBound)
  ///   print(head.count)
  /// }
  /// ```
  ///
  /// The algorithm is that of Knuth, Morris and Pratt (Fast Pattern Matching in Strings, 1977). A search remembers
  /// only how many bytes of the pattern it has just seen. The number carries a match across the gap between two spans,
  /// and bounds the work at two comparisons per byte for any input. Where nothing is matched, the search skips a vector
  /// register at a time.
  public struct Pattern: Sendable {
    /// The bytes to search for.
    public let bytes: [UInt8]

    /// For each number of matched bytes, the number that still match when the next byte does not: the length of the
    /// longest proper prefix of `bytes` with which the matched bytes end.
    private let fallbacks: [Int]

    /// Prepares a search.
    ///
    /// - Precondition: `bytes` is not empty.
    /// - Complexity: O(*n*) in the number of bytes, and two allocations.
    public init(_ bytes: some Collection<UInt8>) {
      let bytes = [UInt8](bytes)
      precondition(!bytes.isEmpty, "RingBuffer.Pattern: there is nothing to search for")
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

    /// Searches the next span of a stream, and returns the end of the first match.
    ///
    /// ```swift
    /// let pattern = RingBuffer.Pattern([13, 10])
    /// var matched = 0
    /// let pieces: [[UInt8]] = [[97, 13], [10, 98]]
    /// for piece in pieces {
    ///   if let end = pattern.endOfMatch(in: piece.span, matched: &matched) { print(end) }  // 1
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - span: The bytes that follow those of the call before.
    ///   - matched: The number of bytes of the pattern that the stream ends with: 0 at first, then as a call leaves
    ///     it. After a match it is the length of the pattern; set it to 0 to search on behind that match.
    /// - Returns: The offset in `span` just behind the match, or nil when no match ends there.
    /// - Precondition: `matched` is not negative, and less than the length of the pattern.
    /// - Complexity: O(*n*) in the number of bytes looked at.
    public func endOfMatch(in span: Span<UInt8>, matched: inout Int) -> Int? {
      unsafe span.withUnsafeBytes { unsafe endOfMatch(in: $0, matched: &matched) }
    }

    /// Searches the next span of a stream, and returns the end of the first match.
    ///
    /// - Parameters:
    ///   - span: The bytes that follow those of the call before.
    ///   - matched: The number of bytes of the pattern that the stream ends with: 0 at first, then as a call leaves
    ///     it. After a match it is the length of the pattern; set it to 0 to search on behind that match.
    /// - Returns: The offset in `span` just behind the match, or nil when no match ends there.
    /// - Precondition: `matched` is not negative, and less than the length of the pattern.
    /// - Complexity: O(*n*) in the number of bytes looked at.
    public func endOfMatch(in span: RawSpan, matched: inout Int) -> Int? {
      unsafe span.withUnsafeBytes { unsafe endOfMatch(in: $0, matched: &matched) }
    }

    @unsafe
    func endOfMatch(in text: UnsafeRawBufferPointer, matched: inout Int) -> Int? {
      precondition(matched >= 0 && matched < bytes.count, "RingBuffer.Pattern: more matched than there is")
      return unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe fallbacks.withUnsafeBufferPointer { fallbacks in
          unsafe Self.endOfMatch(of: bytes, fallbacks: fallbacks, in: text, matched: &matched)
        }
      }
    }

    /// Does the work of `endOfMatch(in:matched:)` without an array's checks, on a path that a peer can make long.
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

    /// The offset in `text` at which a match may begin: with its first two bytes, or with its first as the last of `text`.
    @unsafe
    private static func beginning(
      of bytes: UnsafeBufferPointer<UInt8>, in text: UnsafeRawBufferPointer
    ) -> Int? {
      if bytes.count == 1 { return unsafe memoryOffset(of: bytes[0], in: text) }
      return unsafe memoryOffset(of: bytes[0], before: bytes[1], in: text)
    }
  }
}
