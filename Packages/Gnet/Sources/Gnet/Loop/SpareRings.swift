internal import RingBuffer

/// Empty rings with storage, for the next thread that writes to the loop's connections.
///
/// Writes wait in a ring that the loop takes away whole. If the writer allocated the storage and the loop freed it, each
/// batch would grow a new ring, and two threads would meet at the allocator's lock. So the loop puts the storage here
/// when it is done, and the next writer finds it grown to the size of a batch. Connections without waiting writes have
/// no ring.
///
/// The storage kept is bounded, and `trim()` gives it up when it is not needed any more.
final class SpareRings: Sendable {
  private struct State: ~Copyable {
    var rings = Stack<RingBuffer>()
    var byteCount = 0
    /// The fewest rings held since the last `trim()`. Rings up to that number were never used.
    var leastCount = 0

    /// Whether the numbers fit the rings, all of which have storage.
    var isConsistent: Bool { leastCount <= rings.count && (rings.count == 0 ? byteCount == 0 : byteCount > 0) }
  }

  private let state = Lock(State())
  private let limit: Int

  /// - Parameter limit: the most storage that is kept, in bytes.
  init(limit: Int) { self.limit = limit }

  /// The storage that is here.
  var byteCount: Int { state.withLock { $0.byteCount } }

  /// A ring that was used before, or one without storage.
  func take() -> RingBuffer {
    state.withLock { state in
      guard let ring = state.rings.pop() else { return RingBuffer() }
      state.byteCount -= ring.capacity
      state.leastCount = min(state.leastCount, state.rings.count)
      assert(state.isConsistent && ring.isEmpty)
      return ring
    }
  }

  /// Takes over a ring's storage, unless there is enough already.
  func give(_ ring: inout RingBuffer) {
    if ring.capacity == 0 { return }
    ring.removeAll()
    state.withLock { state in
      guard state.byteCount + ring.capacity <= limit else { return }
      state.byteCount += ring.capacity
      var given = RingBuffer()
      swap(&given, &ring)
      state.rings.push(given)
      assert(state.isConsistent && state.byteCount <= limit)
    }
    assert(ring.isEmpty)
  }

  /// Frees the rings that have not been needed since the last call.
  ///
  /// - Returns: whether any are left.
  func trim() -> Bool {
    var unneeded = Stack<RingBuffer>()
    return state.withLock { state in
      for _ in 0..<state.leastCount {
        guard let ring = state.rings.pop() else { break }
        state.byteCount -= ring.capacity
        unneeded.push(ring)
      }
      state.leastCount = state.rings.count
      assert(state.isConsistent)
      return state.rings.count > 0
    }
  }
}
