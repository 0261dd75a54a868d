extension RingBuffer {
  /// The unread byte that lies `offset` bytes behind the first one.
  ///
  /// - Precondition: `offset` lies in `0..<count`.
  @inlinable
  public subscript(offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < filled, "RingBuffer: the offset is out of range")
    return unsafe storage.unsafelyUnwrapped.load(
      fromByteOffset: (head &+ offset) & (allocated &- 1), as: UInt8.self)
  }

  /// The offset of the first unread byte that equals `byte`, looking from `start` on.
  ///
  /// - Parameters:
  ///   - byte: The byte to look for.
  ///   - start: The offset from the first unread byte at which to begin. From `count` on there is nothing to find.
  /// - Returns: An offset from the first unread byte (not from `start`), or nil when there is no such byte.
  /// - Precondition: `start` is not negative.
  /// - Complexity: O(*n*) in the number of bytes looked at. Corresponds to `memchr(3)`.
  public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
    precondition(start >= 0, "RingBuffer: an offset cannot be negative")
    guard start < filled else { return nil }
    let (first, second) = unsafe readableRegions(offset: start, length: filled &- start)
    if let index = unsafe memoryOffset(of: byte, in: UnsafeRawBufferPointer(first)) { return start &+ index }
    if let index = unsafe memoryOffset(of: byte, in: UnsafeRawBufferPointer(second)) {
      return start &+ first.count &+ index
    }
    return nil
  }
}
