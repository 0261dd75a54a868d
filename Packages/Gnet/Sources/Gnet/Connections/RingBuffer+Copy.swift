internal import RingBuffer

extension RingBuffer {
  /// Appends a copy of the first `count` bytes of `source`, which keeps them.
  mutating func write(prefix count: Int, of source: borrowing RingBuffer) {
    let segments = source.readable(prefix: count)
    write(segments.first)
    if !segments.second.isEmpty { write(segments.second) }
  }
}
