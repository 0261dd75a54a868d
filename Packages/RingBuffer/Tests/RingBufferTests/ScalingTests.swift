import RingBuffer
import TestSupport
import Testing

@Suite("Growing")
struct GrowthTests {
  @Test("growing moves less than two bytes per byte written", arguments: [1, 3, 64, 1000, 65_536])
  func amortised(piece: Int) {
    var ring = RingBuffer()
    let total = 600_000
    let bytes = pattern(piece)
    for _ in 0..<(total / piece) { ring.write(bytes) }
    // Doubling moves at most 64 + 128 + ... bytes, in all less than the final capacity.
    #expect(ring.relocatedByteCount > 0)
    #expect(Int(ring.relocatedByteCount) < ring.capacity)
    #expect(ring.capacity < 2 * ring.count)
  }

  @Test("growing keeps what is unread wherever it lies in the storage", arguments: [64, 1024, 1 << 20])
  func anywhere(capacity: Int) {
    let bytes = pattern(capacity)
    for start in [0, 1, capacity / 2, capacity - 1] {
      for factor in [1, 2, 5] {
        var ring = RingBuffer(minimumCapacity: capacity)
        ring.write(pattern(start))
        ring.write([0])
        ring.discard(start)
        ring.write(bytes.dropLast())
        #expect(ring.isFull && ring.capacity == capacity)
        ring.discard(1)
        let more = pattern(factor * capacity)
        ring.write(more)
        #expect(ring.readAll() == Array(bytes.dropLast()) + more)
      }
    }
  }

  @Test("bursts and lulls move less than two bytes per byte written, however they alternate")
  func amortisedBothWays() {
    for (burst, lull) in [(100, 1), (5000, 33), (5000, 70), (100_000, 40), (100_000, 200)] {
      var ring = RingBuffer()
      var written = 0
      let bytes = pattern(burst)
      ring.writeByte(1)
      for _ in 0..<20 {
        ring.write(bytes)
        written += burst
        ring.discard(burst)
        for _ in 0..<lull {
          ring.write([1, 2, 3])
          written += 3
          ring.discard(3)
        }
      }
      let moved = Int(ring.relocatedByteCount)
      check(moved < 2 * written, "\(burst), \(lull): \(moved) of \(written)")
    }
  }
}

@Suite("Giving memory back")
struct ShrinkTests {
  /// Has some bytes come and as many go, again and again.
  private func passThrough(_ ring: inout RingBuffer, _ count: Int, times: Int) {
    for _ in 0..<times {
      ring.write(pattern(count))
      ring.discard(count)
    }
  }

  @Test("not before 32 quiet turns in a row")
  func patience() {
    var ring = RingBuffer()
    for _ in 0..<10 {
      ring.write(pattern(1000))
      ring.discard(.max)
      passThrough(&ring, 256, times: 31)
      #expect(ring.capacity == 1024)
    }
    passThrough(&ring, 256, times: 1)
    #expect(ring.capacity == 512)
  }

  @Test("a burst has passed, and the ring runs empty time and again, or never", arguments: [(0, 256), (100, 512)])
  func afterBurst(left: Int, capacity: Int) {
    var ring = RingBuffer()
    ring.write(pattern(1_000_000))
    #expect(ring.capacity == 1 << 20)
    ring.discard(1_000_000 - left)
    passThrough(&ring, 100, times: 32)
    #expect(ring.count == left)
    #expect(ring.capacity == capacity)
  }

  @Test("a burst is read in small pieces, and then only a little stays")
  func trickle() {
    var ring = RingBuffer()
    ring.write(pattern(1_000_000))
    while ring.count > 10 { ring.discard(min(100, ring.count - 10)) }
    #expect(ring.count == 10)
    for _ in 0..<32 {
      ring.writeByte(0)
      _ = ring.readByte()
    }
    #expect(ring.capacity == 64)
  }

  @Test("large pieces pass through a ring that is larger still")
  func largePieces() {
    var ring = RingBuffer()
    ring.write(pattern(1 << 20))
    ring.discard(.max)
    let piece = pattern(131_072)
    for _ in 0..<32 {
      ring.write(piece)
      ring.discard(.max)
    }
    #expect(ring.capacity == 1 << 18)
  }

  @Test("every way of reading gives memory back")
  func everyWay() {
    var memory = [UInt8](repeating: 0, count: 8)
    let ways: [(String, (inout RingBuffer) -> Void)] = [
      ("discard", { $0.discard(8) }),
      ("readByte", { for _ in 0..<8 { _ = $0.readByte() } }),
      ("read", { _ = $0.read(8) }),
      ("readAll", { _ = $0.readAll() }),
      ("drain", { $0.drain { _ in } }),
      ("read(into:)", { ring in memory.withUnsafeMutableBytes { _ = ring.read(into: $0) } }),
      (
        "append(moving:)",
        { ring in
          var target = RingBuffer()
          target.writeByte(1)
          target.append(moving: &ring)
        }
      ),
    ]
    for (name, take) in ways {
      var ring = RingBuffer()
      ring.write(pattern(100_000))
      ring.discard(.max)
      for _ in 0..<32 {
        ring.write(pattern(8))
        take(&ring)
      }
      check(ring.isEmpty && ring.capacity == 64, "\(name): \(ring.capacity)")
    }
  }

  @Test("what is written survives every shrinking, wherever it lies")
  func contents() {
    for kept in [1, 50, 200, 255] {
      for start in stride(from: 0, to: 4096, by: 97) {
        var ring = RingBuffer()
        ring.write(pattern(4096))
        ring.discard(start)
        ring.write(pattern(start))
        var expected = ring.copy()
        let surplus = ring.count - kept
        ring.discard(surplus)
        expected.removeFirst(surplus)
        for round in 0..<100 {
          ring.writeByte(UInt8(round))
          expected.append(UInt8(round))
          ring.discard(1)
          expected.removeFirst()
        }
        check(ring.holds(expected), "\(kept), \(start)")
        check(ring.capacity <= 1024, "\(kept), \(start), \(ring.capacity)")
      }
    }
  }
}

@Suite("A steady load never reallocates")
struct SteadyTests {
  /// Expects that a load, once it has run for a while, leaves the storage where it is.
  private func expectSteady(
    _ name: String, minimumCapacity: Int = 0, _ load: (inout RingBuffer, _ round: Int) -> Void
  ) {
    var ring = RingBuffer(minimumCapacity: minimumCapacity)
    for round in 0..<240 { load(&ring, round) }
    let capacity = ring.capacity
    ring.reserveCapacity(0)
    let moved = ring.relocatedByteCount
    for round in 0..<5000 {
      load(&ring, round)
      guard ring.capacity == capacity, ring.relocatedByteCount == moved else {
        Issue.record("\(name): from \(capacity) to \(ring.capacity) in round \(round)")
        return
      }
    }
  }

  @Test("all in, all out", arguments: [1, 63, 64, 65, 100, 4096, 4097])
  func whole(length: Int) {
    let bytes = pattern(length)
    expectSteady("\(length)") { ring, _ in
      ring.write(bytes)
      ring.discard(length)
    }
  }

  @Test("all in, out in small pieces", arguments: [(4096, 16), (60_000, 128), (1000, 1)])
  func pieces(length: Int, piece: Int) {
    let bytes = pattern(length)
    expectSteady("\(length) by \(piece)") { ring, round in
      guard round % 50 == 0 else { return }
      ring.write(bytes)
      while !ring.isEmpty { ring.discard(piece) }
    }
  }

  @Test("in by small pieces, all out", arguments: [(4096, 16), (60_000, 1024)])
  func gathering(length: Int, piece: Int) {
    let bytes = pattern(piece)
    expectSteady("\(length) by \(piece)") { ring, round in
      guard round % 10 == 0 else { return }
      while ring.count < length { ring.write(bytes) }
      ring.discard(length)
    }
  }

  @Test("a count that swings around a power of two", arguments: [64, 128, 1024, 4096])
  func swinging(power: Int) {
    let bytes = pattern(power)
    expectSteady("around \(power)") { ring, round in
      let target = round % 2 == 0 ? power + 1 + round % 3 : power - 1 - round % 3
      if ring.count < target { ring.write(bytes.prefix(target - ring.count)) }
      if ring.count > target { ring.discard(ring.count - target) }
    }
  }

  @Test("a count that swings around a quarter of the capacity, where shrinking begins", arguments: [10, 12])
  func swingingAtQuarter(exponent: Int) {
    let capacity = 1 << exponent
    let bytes = pattern(capacity)
    expectSteady("around a quarter of \(capacity)") { ring, round in
      if ring.capacity == 0 { ring.write(bytes) }
      let target = capacity / 4 + (round % 2 == 0 ? 1 : -1)
      if ring.count < target { ring.write(bytes.prefix(target - ring.count)) }
      if ring.count > target { ring.discard(ring.count - target) }
    }
  }

  @Test("never quite empty, a slow tide")
  func tide() {
    let bytes = pattern(512)
    expectSteady("tide") { ring, round in
      // Eight in, eight out by halves, with 700 always left.
      if ring.isEmpty { ring.write(pattern(700)) }
      if round % 24 < 8 { ring.write(bytes) } else { ring.discard(256) }
    }
  }

  @Test("large bursts, never quite empty between them", arguments: [1, 100])
  func largeBursts(left: Int) {
    let bytes = pattern(200_000)
    expectSteady("large bursts") { ring, round in
      guard round % 16 == 0 else { return }
      ring.write(bytes)
      while ring.count > left { ring.discard(min(30_000, ring.count - left)) }
    }
  }

  @Test("random lengths of one order of magnitude")
  func random() {
    var random = SeededGenerator(seed: 42)
    let bytes = pattern(10_000)
    expectSteady("random") { ring, _ in
      ring.write(bytes.prefix(Int.random(in: 2500...10_000, using: &random)))
      ring.discard(.max)
    }
  }
}
