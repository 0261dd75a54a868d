extension RingBuffer {
  /// Moves all unread bytes of another ring behind the last one of this ring, and leaves the other empty.
  ///
  /// When this ring is empty the two exchange their storage and no byte is copied, so this ring's capacity may
  /// then be below what was reserved until it next grows. Each keeps its own reservation.
  ///
  /// - Complexity: O(1) when this ring is empty, amortised O(`other.count`) otherwise.
  @inlinable
  public mutating func append(moving other: inout RingBuffer) {
    if isEmpty {
      guard !other.isEmpty else { return }
      unsafe swap(&storage, &other.storage)
      swap(&allocated, &other.allocated)
      swap(&head, &other.head)
      swap(&filled, &other.filled)
      policy.beginWatch()
      policy.noteWrite()
      other.policy.beginWatch()
    } else {
      appendCopy(of: &other)
    }
  }

  /// Moves the unread bytes of another ring by copying them.
  @usableFromInline
  mutating func appendCopy(of other: inout RingBuffer) {
    let (first, second) = unsafe other.readableRegions(offset: 0, length: other.filled)
    if filled &+ other.filled > allocated { grow(toFit: other.filled) }
    unsafe write(copying: UnsafeRawBufferPointer(first))
    unsafe write(copying: UnsafeRawBufferPointer(second))
    other.discard(other.filled)
  }
}
