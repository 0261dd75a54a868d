// A method that borrows a ring and is not inlined gets a copy of its fields, made by wide loads that must wait for
// the narrow stores of the operation before. So methods that look at a ring on a hot path are inlined: looking at the
// segments between a write and a discard costs under 1 ns then, and 11 ns otherwise. Methods that mutate get an
// address and do not wait.

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

  /// Replaces the storage by one of `newCapacity` bytes, and keeps the unread bytes.
  ///
  /// - Complexity: O(`capacity`).
  mutating func relocate(to newCapacity: Int) {
    assert(newCapacity >= filled)
    if newCapacity > allocated { policy.noteGrowth(to: newCapacity) }
    if newCapacity > allocated && filled > 0 {
      lengthen(to: newCapacity)
    } else {
      replace(by: newCapacity)
    }
    relocatedByteCount &+= UInt32(truncatingIfNeeded: filled)
    policy.beginWatch()
  }

  /// Moves unread bytes that wrap to storage in which they do not; the capacity and the policy stay as they are.
  @inline(never)
  @usableFromInline
  mutating func unwrap() {
    replace(by: allocated)
    relocatedByteCount &+= UInt32(truncatingIfNeeded: filled)
  }

  /// Lengthens the storage, in place where the allocator can.
  ///
  /// A large ring thus grows without a second copy of its bytes, and leaves no holes of every size that it has had.
  private mutating func lengthen(to newCapacity: Int) {
    let lengthened = unsafe resizeMemory(storage, to: newCapacity)
    // The capacity has doubled at least, so the bytes that had wrapped fit behind the old end.
    let wrappedCount = max(0, head + filled - allocated)
    unsafe (lengthened + allocated).copyMemory(from: lengthened, byteCount: wrappedCount)
    unsafe storage = lengthened
    allocated = newCapacity
  }

  /// Moves the unread bytes to the beginning of a new storage, and frees the old one.
  private mutating func replace(by newCapacity: Int) {
    var replacement: UnsafeMutableRawPointer?
    if newCapacity > 0 {
      let memory = unsafe resizeMemory(nil, to: newCapacity)
      unsafe copyPrefix(filled, to: memory)
      unsafe replacement = memory
    }
    unsafe freeMemory(storage)
    unsafe storage = replacement
    allocated = newCapacity
    head = 0
  }
}
