extension RingBuffer {
  /// Writes bytes behind the last unread one, growing as needed.
  ///
  /// - Complexity: amortised O(*n*) in the number of bytes.
  public mutating func write(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { unsafe write(copying: $0) }
  }

  /// Writes bytes behind the last unread one, growing as needed.
  ///
  /// - Complexity: amortised O(*n*) in the number of bytes.
  public mutating func write(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe write(copying: UnsafeRawBufferPointer($0)) }
  }

  /// Writes bytes behind the last unread one, growing as needed.
  ///
  /// - Complexity: amortised O(*n*) in the number of bytes.
  public mutating func write(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe write(copying: $0) }
  }

  /// Writes bytes behind the last unread one, growing as needed.
  ///
  /// A collection that has contiguous storage is copied at once, any other byte by byte in one pass.
  ///
  /// - Complexity: amortised O(*n*) in the number of bytes, whatever the cost of the collection's `count`.
  @inlinable
  public mutating func write(_ bytes: some Collection<UInt8>) {
    let isWritten: Void? = bytes.withContiguousStorageIfAvailable {
      unsafe write(copying: UnsafeRawBufferPointer($0))
    }
    guard isWritten == nil else { return }
    for byte in bytes { writeByte(byte) }
  }

  /// Writes the UTF-8 form of a text behind the last unread byte, growing as needed.
  ///
  /// - Complexity: amortised O(*n*) in the number of bytes.
  public mutating func write(_ text: String) {
    let isWritten: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
      unsafe write(copying: UnsafeRawBufferPointer($0))
    }
    guard isWritten == nil else { return }
    // A string bridged from elsewhere has its UTF-8 made first.
    var text = text
    text.withUTF8 { unsafe write(copying: UnsafeRawBufferPointer($0)) }
  }

  /// Writes one byte behind the last unread one, growing as needed.
  ///
  /// - Complexity: amortised O(1).
  @inlinable
  public mutating func writeByte(_ byte: UInt8) {
    if filled == allocated { grow(toFit: 1) }
    unsafe storage.unsafelyUnwrapped.storeBytes(
      of: byte, toByteOffset: (head &+ filled) & (allocated &- 1), as: UInt8.self)
    filled &+= 1
    policy.noteWrite()
  }

  /// Writes bytes in front of the first unread one, growing as needed: a header, say, whose content is there already.
  ///
  /// The unread bytes stay where they are.
  ///
  /// - Complexity: amortised O(*n*) in the number of bytes.
  public mutating func prepend(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { source in
      if filled == 0 { return unsafe write(copying: source) }
      guard source.count > 0 else { return }
      if source.count > freeCapacity { grow(toFit: source.count) }
      head = (head &- source.count) & (allocated &- 1)
      filled &+= source.count
      policy.noteWrite()
      unsafe copy(source, around: head)
    }
  }

  /// Copies `source`, which is no part of this ring's storage, behind the last unread byte.
  @usableFromInline
  mutating func write(copying source: UnsafeRawBufferPointer) {
    guard let sourceStart = source.baseAddress, source.count > 0 else { return }
    if source.count > freeCapacity { grow(toFit: source.count) }
    let tail = (head &+ filled) & (allocated &- 1)
    filled &+= source.count
    policy.noteWrite()
    // Enough is free, so if this much lies behind the tail, it is free as well.
    let firstLength = allocated &- tail
    if source.count <= firstLength {
      unsafe (storage.unsafelyUnwrapped + tail).copyMemory(from: sourceStart, byteCount: source.count)
    } else {
      unsafe copy(source, around: tail)
    }
  }

  /// Copies `source` to the storage from `position` on: up to its end, and the rest to its beginning.
  @inline(never)
  private func copy(_ source: UnsafeRawBufferPointer, around position: Int) {
    let (start, storage) = unsafe (source.baseAddress.unsafelyUnwrapped, storage.unsafelyUnwrapped)
    let firstLength = min(source.count, allocated &- position)
    unsafe (storage + position).copyMemory(from: start, byteCount: firstLength)
    unsafe storage.copyMemory(from: start + firstLength, byteCount: source.count &- firstLength)
  }
}
