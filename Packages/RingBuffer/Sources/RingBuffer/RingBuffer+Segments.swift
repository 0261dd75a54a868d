extension RingBuffer {
  /// Unread bytes, as the one or two spans in which they lie.
  ///
  /// Segments borrow the ring: it cannot be changed as long as they are in use.
  public struct Segments: ~Escapable {
    /// The bytes to read first.
    public let first: RawSpan

    /// The bytes that follow `first`; empty unless the bytes wrap around the end of the storage.
    public let second: RawSpan

    /// The number of bytes in both spans.
    @inlinable
    public var byteCount: Int { first.byteCount &+ second.byteCount }

    @inlinable
    @_lifetime(copy first, copy second)
    init(first: RawSpan, second: RawSpan) {
      self.first = first
      self.second = second
    }
  }

  /// All unread bytes, left unread.
  @inlinable
  @inline(__always)
  public var readable: Segments {
    @_lifetime(borrow self)
    borrowing get {
      let segments = unsafe segments(prefix: filled)
      return unsafe _overrideLifetime(segments, borrowing: self)
    }
  }

  /// The first `n` unread bytes, or all there are, left unread.
  ///
  /// - Precondition: `n` is not negative.
  @inlinable
  @inline(__always)
  @_lifetime(borrow self)
  public func readable(prefix n: Int) -> Segments {
    precondition(n >= 0, "RingBuffer: a count cannot be negative")
    let segments = unsafe segments(prefix: min(n, filled))
    return unsafe _overrideLifetime(segments, borrowing: self)
  }

  /// Moves the unread bytes into one span, `readable.first`, if they lie in two.
  ///
  /// It is for parsers that look at a line or a header as a whole. Bytes that wrap are moved to new storage of the same
  /// capacity.
  ///
  /// - Complexity: O(1) if nothing wraps, else O(`capacity`). The bytes wrap again only after some have been read, and
  ///   more have been written than fit behind the rest.
  @inlinable
  public mutating func makeContiguous() {
    if head &+ filled > allocated { unwrap() }
  }

  @unsafe
  @inlinable
  @inline(__always)
  @_lifetime(borrow self)
  func segments(prefix length: Int) -> Segments {
    let (first, second) = unsafe readableRegions(offset: 0, length: length)
    let segments = unsafe Segments(
      first: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(first)),
      second: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(second)))
    return unsafe _overrideLifetime(segments, borrowing: self)
  }
}
