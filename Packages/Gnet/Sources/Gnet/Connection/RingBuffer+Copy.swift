internal import RingBuffer

extension RingBuffer {
  /// Whether these bytes are better given to a ring of `capacity` bytes by an exchange of storage than by a copy. Storage of
  /// another size is only worth it for many bytes.
  @inline(__always)
  func isWorthExchanging(forCapacity capacity: Int) -> Bool { self.capacity == capacity || count > 4096 }

  /// Appends a copy of the first `count` bytes of `source`, which keeps them.
  mutating func write(prefix count: Int, of source: borrowing RingBuffer) {
    let segments = source.readable(prefix: count)
    write(segments.first)
    if !segments.second.isEmpty { write(segments.second) }
  }

  /// Appends the first `count` bytes of `source`, which loses them; all of them are moved, not copied, where possible.
  mutating func append(moving count: Int, of source: inout RingBuffer) {
    if count == source.count { return append(moving: &source) }
    write(prefix: count, of: source)
    source.discard(count)
  }

  /// Takes all bytes of another ring, by an exchange of storage where that has the capacity, or is worth it.
  mutating func take(_ other: inout RingBuffer, capacity wanted: Int = 0) {
    if other.isEmpty { return }
    if isEmpty && other.isWorthExchanging(forCapacity: wanted) { return append(moving: &other) }
    write(prefix: other.count, of: other)
    other.removeAll()
  }
}
