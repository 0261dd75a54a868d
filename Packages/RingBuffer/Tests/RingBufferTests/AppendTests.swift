import RingBuffer
import TestSupport
import Testing

@Suite("Moving from one ring to another")
struct AppendTests {
  @Test("bytes go behind those that are there, whatever the layouts")
  func everyPair() {
    for mine in Layout.edges {
      for theirs in Layout.edges {
        var ring = mine.makeRing()
        var other = theirs.makeRing()
        ring.append(moving: &other)
        check(ring.holds(mine.bytes + theirs.bytes), "\(mine) and \(theirs)")
        check(other.holds([]), "\(mine) and \(theirs)")
        other.write([1, 2, 3])
        ring.write([4])
        check(other.holds([1, 2, 3]) && ring.holds(mine.bytes + theirs.bytes + [4]), "\(mine) and \(theirs)")
      }
    }
  }

  @Test("an empty ring takes the storage over without copying a byte")
  func exchange() {
    var ring = RingBuffer(minimumCapacity: 100)
    var other = RingBuffer()
    other.write(pattern(100_000))
    let address = other.readable.first.address
    let moved = other.relocatedByteCount
    ring.append(moving: &other)
    #expect(ring.readable.first.address == address)
    #expect(ring.relocatedByteCount == 0 && other.relocatedByteCount == moved)
    #expect(ring.capacity == 131_072)
    #expect(other.capacity == 128)
    #expect(ring.copy() == pattern(100_000))
  }

  @Test("an empty ring is not taken over")
  func nothing() {
    var ring = RingBuffer(minimumCapacity: 1000)
    var other = RingBuffer(minimumCapacity: 10)
    ring.append(moving: &other)
    #expect(ring.capacity == 1024)
    #expect(other.capacity == 64)
  }

  @Test("a part of one ring goes behind what another holds, whatever the layouts")
  func parts() {
    for mine in Layout.edges {
      for theirs in Layout.edges {
        for length in [0, 1, mine.capacity - mine.start, mine.count - 1, mine.count, .max] where length >= 0 {
          var ring = mine.makeRing()
          var other = theirs.makeRing()
          let taken = ring.read(length, into: &other)
          check(taken == min(length, mine.count), "\(length), \(mine) and \(theirs)")
          check(ring.holds(Array(mine.bytes.dropFirst(length))), "\(length), \(mine) and \(theirs)")
          check(other.holds(theirs.bytes + mine.bytes.prefix(length)), "\(length), \(mine) and \(theirs)")
        }
      }
    }
  }

  @Test("reading all into an empty ring copies no byte")
  func handingOver() {
    var ring = RingBuffer()
    var other = RingBuffer(minimumCapacity: 1000)
    ring.write(pattern(100_000))
    let address = ring.readable.first.address
    #expect(ring.read(100_000, into: &other) == 100_000)
    #expect(other.readable.first.address == address)
    #expect(ring.capacity == 1024 && ring.isEmpty)
    #expect(other.copy() == pattern(100_000))
  }

  @Test("each ring keeps its own reservation")
  func reservations() {
    var ring = RingBuffer(minimumCapacity: 1000)
    var other = RingBuffer(minimumCapacity: 100)
    other.write(pattern(50))
    ring.append(moving: &other)
    #expect(ring.capacity == 128)
    #expect(other.capacity == 1024)

    // The next growth honours what was reserved, and no shrinking goes below it.
    ring.write(pattern(79))
    #expect(ring.capacity == 1024)
    ring.removeAll()
    trickle(through: &ring)
    #expect(ring.capacity == 1024)
    trickle(through: &other)
    #expect(other.capacity == 128)
  }

  @Test("the storage taken over is given back like any other")
  func givingBack() {
    var ring = RingBuffer()
    var other = RingBuffer()
    other.write(pattern(100_000))
    ring.append(moving: &other)
    #expect(ring.capacity == 131_072)
    ring.discard(.max)
    trickle(through: &ring)
    #expect(ring.capacity == 64)
  }

  /// Writes and reads a byte more often than shrinking takes.
  private func trickle(through ring: inout RingBuffer) {
    for _ in 0..<100 {
      ring.writeByte(1)
      ring.discard(1)
    }
  }
}
