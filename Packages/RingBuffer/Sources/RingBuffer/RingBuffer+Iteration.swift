extension RingBuffer.Segments {
  /// The bytes of both spans, one by one.
  ///
  /// ```swift
  /// var bytes = ring.readable.makeIterator()
  /// var sum = 0
  /// while let byte = bytes.next(), byte != 0 { sum += Int(byte) }
  /// ```
  @inlinable
  @_lifetime(copy self)
  public func makeIterator() -> Iterator { Iterator(self) }

  /// An iterator over bytes in the one or two spans in which they lie.
  public struct Iterator: ~Escapable {
    @usableFromInline var current: RawSpan
    @usableFromInline var following: RawSpan
    @usableFromInline var position = 0

    @inlinable
    @_lifetime(copy segments)
    init(_ segments: RingBuffer.Segments) {
      current = segments.first
      following = segments.second
    }

    /// The next byte, or nil at the end.
    @inlinable
    public mutating func next() -> UInt8? {
      if position == current.byteCount {
        guard following.byteCount > 0 else { return nil }
        current = following
        following = following.extracting(first: 0)
        position = 0
      }
      let byte = unsafe current.unsafeLoad(fromUncheckedByteOffset: position, as: UInt8.self)
      position &+= 1
      return byte
    }
  }
}
