// The searches of a ring, for bytes that lie elsewhere. They are static members, not extensions of the standard
// library's spans, so that they cannot clash with members that spans have or will have.

extension RingBuffer {
  /// The offset of the first byte in a span that equals `byte`, or nil when there is none.
  ///
  /// ```swift
  /// let line: [UInt8] = [104, 105, 10]
  /// let end = RingBuffer.firstIndex(of: 10, in: line.span)  // 2
  /// ```
  ///
  /// - Complexity: O(*n*) in the number of bytes looked at. Corresponds to `memchr(3)`.
  public static func firstIndex(of byte: UInt8, in bytes: Span<UInt8>) -> Int? {
    unsafe bytes.withUnsafeBytes { unsafe memoryOffset(of: byte, in: $0) }
  }

  /// The offset of the first byte in a span that equals `byte`, or nil when there is none.
  ///
  /// - Complexity: O(*n*) in the number of bytes looked at. Corresponds to `memchr(3)`.
  public static func firstIndex(of byte: UInt8, in bytes: RawSpan) -> Int? {
    unsafe bytes.withUnsafeBytes { unsafe memoryOffset(of: byte, in: $0) }
  }

  /// The offset of the last byte in a span that equals `byte`, or nil when there is none.
  ///
  /// - Complexity: O(*n*) in the number of bytes looked at, from the end.
  public static func lastIndex(of byte: UInt8, in bytes: Span<UInt8>) -> Int? {
    unsafe bytes.withUnsafeBytes { unsafe lastMemoryOffset(of: byte, in: $0) }
  }

  /// The offset of the last byte in a span that equals `byte`, or nil when there is none.
  ///
  /// - Complexity: O(*n*) in the number of bytes looked at, from the end.
  public static func lastIndex(of byte: UInt8, in bytes: RawSpan) -> Int? {
    unsafe bytes.withUnsafeBytes { unsafe lastMemoryOffset(of: byte, in: $0) }
  }
}
