extension RingBuffer {
  /// Moves all unread bytes of another ring behind the last one of this ring, and leaves the other empty.
  ///
  /// An empty ring exchanges its storage with the other, and no byte is copied. Its capacity may then be below the one
  /// that was reserved until it next grows. Each ring keeps its own reservation.
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

  /// Moves the first `n` unread bytes, or all there are, behind the last one of another ring.
  ///
  /// If all are moved and the other ring is empty, the two exchange their storage and no byte is copied, as by
  /// ``append(moving:)``.
  ///
  /// - Returns: The number of bytes moved: `n`, or all there were.
  /// - Precondition: `n` is not negative.
  /// - Complexity: O(1) when the storage is exchanged, otherwise amortised O(*n*) in the number of bytes moved.
  @discardableResult
  public mutating func read(_ n: Int, into other: inout RingBuffer) -> Int {
    precondition(n >= 0, "RingBuffer: a count cannot be negative")
    let taken = min(n, filled)
    if taken == filled {
      other.append(moving: &self)
    } else {
      other.appendCopy(of: &self, prefix: taken)
    }
    return taken
  }

  /// Moves the first unread bytes of another ring by copying them.
  private mutating func appendCopy(of other: inout RingBuffer, prefix length: Int) {
    assert(length <= other.filled)
    let (first, second) = unsafe other.readableRegions(offset: 0, length: length)
    if length > freeCapacity { grow(toFit: length) }
    unsafe write(copying: UnsafeRawBufferPointer(first))
    unsafe write(copying: UnsafeRawBufferPointer(second))
    other.discard(length)
  }

  /// Moves the unread bytes of another ring by copying them.
  @usableFromInline
  mutating func appendCopy(of other: inout RingBuffer) {
    appendCopy(of: &other, prefix: other.filled)
  }
}
