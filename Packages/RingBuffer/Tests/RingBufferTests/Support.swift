import RingBuffer

/// A way for bytes to lie in a ring's storage.
struct Layout: Sendable, CustomStringConvertible {
  var capacity: Int
  var start: Int
  var count: Int

  var description: String { "capacity \(capacity), start \(start), count \(count)" }

  /// Every start and every count of the smallest storage.
  ///
  /// An empty ring starts at 0, so there is one layout with no bytes.
  static let all: [Layout] =
    [Layout(capacity: 64, start: 0, count: 0)] + layouts(64, starts: 0..<64, counts: 1...64)

  /// The layouts of the smallest two storages that lie around their edges.
  static let edges: [Layout] =
    [Layout(capacity: 0, start: 0, count: 0), Layout(capacity: 64, start: 0, count: 0)]
    + layouts(64, starts: [0, 1, 31, 62, 63], counts: [1, 2, 3, 32, 62, 63, 64])
    + layouts(128, starts: [0, 1, 63, 64, 65, 126, 127], counts: [1, 2, 63, 64, 65, 126, 127, 128])

  private static func layouts(
    _ capacity: Int, starts: some Collection<Int>, counts: some Collection<Int>
  ) -> [Layout] {
    starts.flatMap { start in counts.map { Layout(capacity: capacity, start: start, count: $0) } }
  }

  /// The bytes of this layout.
  var bytes: [UInt8] { pattern(count) }

  /// A ring that holds `bytes` in this layout.
  func makeRing() -> RingBuffer {
    var ring = RingBuffer(minimumCapacity: capacity)
    guard count > 0 else { return ring }
    let behindStart = min(count, capacity - start)
    ring.write([UInt8](repeating: 0xEE, count: start))
    ring.write(bytes.prefix(behindStart))
    ring.discard(start)
    ring.write(bytes.dropFirst(behindStart))
    return ring
  }
}

extension [Layout] {
  /// Calls `body` with each layout, and with a ring that holds its bytes in this layout.
  func forEachRing(_ body: (Layout, inout RingBuffer) throws -> Void) rethrows {
    for layout in self {
      var ring = layout.makeRing()
      try body(layout, &ring)
    }
  }
}

/// `count` bytes that repeat only after 251, which is a factor of no capacity.
func pattern(_ count: Int, from first: Int = 1) -> [UInt8] {
  // The standard library writes the count even of the empty array that all threads share.
  guard count > 0 else { return [] }
  let first = first % 251
  return [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
    for index in 0..<min(count, 251) { buffer[index] = UInt8((first + index) % 251) }
    // The rest repeats what is there, by as much as there is.
    var filled = min(count, 251)
    while filled < count {
      let length = min(filled, count - filled)
      (buffer.baseAddress! + filled).update(from: buffer.baseAddress!, count: length)
      filled += length
    }
    initializedCount = count
  }
}

extension RawSpan {
  /// A copy of the bytes.
  var array: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

  /// The address of the first byte.
  var address: UInt { withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } }
}

extension RingBuffer {
  /// A copy of the unread bytes, by way of `readable`.
  borrowing func copy() -> [UInt8] {
    let segments = readable
    return segments.first.array + segments.second.array
  }

  /// A copy of the first `count` unread bytes, by way of `readable(prefix:)`.
  borrowing func copy(prefix count: Int) -> [UInt8] {
    let segments = readable(prefix: count)
    return segments.first.array + segments.second.array
  }

  /// Whether this ring holds `bytes`, and all that it says about itself agrees.
  borrowing func holds(_ bytes: [UInt8]) -> Bool {
    count == bytes.count && isEmpty == bytes.isEmpty && copy() == bytes && isConsistent()
  }

  /// Whether counts, capacity and segments agree with each other.
  borrowing func isConsistent() -> Bool {
    let segments = readable
    return capacity >= count && freeCapacity == capacity - count && isFull == (freeCapacity == 0)
      && (capacity == 0 || capacity >= 64 && capacity & (capacity - 1) == 0)
      && segments.byteCount == count && (segments.first.byteCount > 0 || segments.second.byteCount == 0)
  }
}
