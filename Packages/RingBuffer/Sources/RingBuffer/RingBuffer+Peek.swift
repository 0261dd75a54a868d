extension RingBuffer {
  /// A copy of the first `n` unread bytes, or of all there are; they stay unread.
  ///
  /// - Precondition: `n` is not negative.
  /// - Complexity: O(*n*) in the number of bytes copied.
  public func peek(_ n: Int) -> [UInt8] {
    precondition(n >= 0, "RingBuffer: a count cannot be negative")
    let length = min(n, filled)
    // Not only for speed: the initializer below writes to the empty array that all threads share.
    guard length > 0 else { return [] }
    return unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, initializedCount in
      unsafe copyPrefix(length, to: UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped))
      initializedCount = length
    }
  }

  /// Calls a body with all unread bytes, which stay unread.
  ///
  /// The body sees the same as ``readable`` shows. This form is for a ring that is a stored property of a class: the
  /// compiler does not let a span out of such a property.
  ///
  /// ```swift
  /// final class Session { var input = RingBuffer() }
  /// let session = Session()
  /// let isWrapped = session.input.withReadable { segments in segments.second.byteCount > 0 }
  /// ```
  ///
  /// The ring cannot be changed before the body has returned.
  ///
  /// - Returns: The result of the body.
  @inlinable
  public func withReadable<Result: ~Copyable, Failure: Error>(
    _ body: (Segments) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(readable)
  }

  /// Calls a body with each unread byte, in order; all stay unread.
  ///
  /// To stop early, use ``Segments/makeIterator()``.
  ///
  /// - Complexity: O(`count`).
  @inlinable
  public func forEach<Failure: Error>(_ body: (UInt8) throws(Failure) -> Void) throws(Failure) {
    let (first, second) = unsafe readableRegions(offset: 0, length: filled)
    for index in 0..<first.count { unsafe try body(first[index]) }
    for index in 0..<second.count { unsafe try body(second[index]) }
  }
}
