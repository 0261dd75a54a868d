// A method that borrows a ring and is not inlined gets a copy of its fields, made by wide loads that must wait for
// the narrow stores of the operation before. So what looks at a ring on a hot path is inlined: looking at the
// segments between a write and a discard costs 11 ns otherwise, and under 1 ns so. Methods that mutate get an
// address and are free of it.

extension RingBuffer {
  /// The `length` unread bytes from `offset` on: up to the end of the storage, and from its beginning on.
  @unsafe
  @inlinable
  @inline(__always)
  func readableRegions(
    offset: Int, length: Int
  ) -> (first: UnsafeMutableRawBufferPointer, second: UnsafeMutableRawBufferPointer) {
    unsafe regions(from: head &+ offset, length: length)
  }

  /// The free bytes in the order in which they are written.
  @unsafe
  @inlinable
  @inline(__always)
  func freeRegions() -> (first: UnsafeMutableRawBufferPointer, second: UnsafeMutableRawBufferPointer) {
    unsafe regions(from: head &+ filled, length: allocated &- filled)
  }

  /// `length` bytes of storage from `position` on, which may lie up to one lap beyond the end.
  @unsafe
  @inlinable
  @inline(__always)
  func regions(
    from position: Int, length: Int
  ) -> (first: UnsafeMutableRawBufferPointer, second: UnsafeMutableRawBufferPointer) {
    assert(length >= 0 && length <= allocated)
    // Without storage the mask is all ones, but then the position is 0 and so are both lengths.
    let start = position & (allocated &- 1)
    let firstLength = min(length, allocated &- start)
    return unsafe (
      UnsafeMutableRawBufferPointer(start: storage.map { unsafe $0 + start }, count: firstLength),
      UnsafeMutableRawBufferPointer(start: storage, count: length &- firstLength)
    )
  }

  /// Copies the first `length` unread bytes to `destination`.
  @unsafe
  func copyPrefix(_ length: Int, to destination: UnsafeMutableRawPointer) {
    let (first, second) = unsafe readableRegions(offset: 0, length: length)
    if let start = first.baseAddress {
      unsafe destination.copyMemory(from: start, byteCount: first.count)
    }
    if let start = second.baseAddress {
      unsafe (destination + first.count).copyMemory(from: start, byteCount: second.count)
    }
  }

  /// Moves the unread bytes to the beginning of a new storage of `newCapacity` bytes, and frees the old one.
  ///
  /// - Complexity: O(`count`).
  mutating func relocate(to newCapacity: Int) {
    assert(newCapacity >= filled)
    var destination: UnsafeMutableRawPointer?
    if newCapacity > 0 {
      let allocation = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
      unsafe copyPrefix(filled, to: allocation)
      unsafe destination = allocation
    }
    unsafe storage?.deallocate()
    unsafe storage = destination
    allocated = newCapacity
    head = 0
    relocatedByteCount &+= UInt32(truncatingIfNeeded: filled)
    policy.beginWatch()
  }
}
