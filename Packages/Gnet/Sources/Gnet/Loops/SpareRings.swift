internal import RingBuffer

/// Empty rings that have storage, for whoever writes to the loop's connections from another thread next.
///
/// What is written waits in a ring that the loop takes away whole. Were its storage allocated by the writer and freed by
/// the loop, each batch would grow a new one, and two threads would meet at the allocator's lock. So the loop puts it
/// here when it is done, and the next writer finds it grown to what a batch needs. Connections where nothing waits have
/// none.
///
/// What is kept is bounded, and given up by `trim()` when it is not needed any more.
final class SpareRings: Sendable {
  private struct State: ~Copyable {
    var rings = Stack<RingBuffer>()
    var byteCount = 0
    /// The least number of rings there have been since the last `trim()`: so many are not needed.
    var leastCount = 0
  }

  private let state = Lock(State())
  private let limit: Int

  /// Makes room for rings of so many bytes in all.
  init(limit: Int) { self.limit = limit }

  /// The storage that is here.
  var byteCount: Int { state.withLock { $0.byteCount } }

  /// A ring that was used before, or one without storage.
  func take() -> RingBuffer {
    state.withLock { state in
      guard let ring = state.rings.pop() else { return RingBuffer() }
      state.byteCount -= ring.capacity
      state.leastCount = min(state.leastCount, state.rings.count)
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
    }
  }

  /// Frees those that have not been needed since the last call.
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
      return state.rings.count > 0
    }
  }
}
