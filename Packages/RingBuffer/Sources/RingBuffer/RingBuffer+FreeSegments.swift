extension RingBuffer {
  /// The free space of the ring, for a read that stores straight into it.
  ///
  /// ```swift
  /// let free = unsafe ring.freeSegments(minimumCapacity: 4096)
  /// // Store n bytes: in `free.first` from its beginning, then in `free.second`.
  /// ring.commit(n)
  /// ```
  ///
  /// The addresses are good until the ring is next mutated, by ``commit(_:)`` or anything else, or ends.
  ///
  /// - Parameter n: The number of bytes that must be free; the ring grows as needed.
  /// - Returns: All free space in the order in which it is to be filled. `second` is empty unless the free space
  ///   wraps around the end of the storage; it never does when the ring is empty.
  /// - Precondition: `n` is not negative.
  /// - Complexity: amortised O(1) per byte committed, as for writing.
  @unsafe
  @inlinable
  @inline(__always)
  public mutating func freeSegments(
    minimumCapacity n: Int = 1
  ) -> (first: UnsafeMutableRawBufferPointer, second: UnsafeMutableRawBufferPointer) {
    precondition(n >= 0, "RingBuffer: a count cannot be negative")
    if n > freeCapacity { grow(toFit: n) }
    return unsafe freeRegions()
  }

  /// Counts the first `n` bytes of the free segments as written.
  ///
  /// - Precondition: `n` lies in `0...freeCapacity`, and the bytes have been stored.
  @inlinable
  public mutating func commit(_ n: Int) {
    precondition(n >= 0 && n <= freeCapacity, "RingBuffer: more bytes committed than were free")
    filled &+= n
    if n > 0 { policy.noteWrite() }
  }
}
