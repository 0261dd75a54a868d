import RingBuffer
import TestSupport
import Testing

@Suite("Asking for capacity")
struct CapacityTests {
  @Test("there is no storage until the first write")
  func none() {
    var ring = RingBuffer()
    #expect(ring.capacity == 0 && ring.freeCapacity == 0)
    ring.writeByte(1)
    #expect(ring.capacity == 64)
  }

  @Test(
    "a capacity is rounded up to a power of two, at least 64",
    arguments: [(0, 0), (1, 64), (63, 64), (64, 64), (65, 128), (4096, 4096), (4097, 8192)]
  )
  func rounding(asked: Int, given: Int) {
    #expect(RingBuffer(minimumCapacity: asked).capacity == given)
    var ring = RingBuffer()
    ring.reserveCapacity(asked)
    #expect(ring.capacity == given)
  }

  @Test("reserving keeps the bytes, in every layout, and counts them in")
  func reserving() {
    for layout in Layout.edges {
      for asked in [0, layout.count, layout.capacity, layout.capacity + 1, 1000] {
        var ring = layout.makeRing()
        ring.reserveCapacity(asked)
        check(ring.holds(layout.bytes), "\(asked), \(layout)")
        check(ring.capacity >= max(asked, layout.capacity), "\(asked), \(layout)")
        if asked <= layout.capacity { check(ring.capacity == layout.capacity, "\(asked), \(layout)") }
      }
    }
  }

  @Test("what was reserved stays, whatever passes through")
  func floor() {
    var ring = RingBuffer(minimumCapacity: 1000)
    ring.reserveCapacity(10)
    for length in [1, 1000, 100_000, 1] {
      for _ in 0..<100 {
        ring.write(pattern(length))
        ring.discard(.max)
        check(ring.capacity >= 1024, "\(length)")
      }
    }
    #expect(ring.capacity == 1024)
  }

  @Test("shrinking to fit keeps the bytes, in every layout, and leaves no larger storage than they need")
  func shrinkToFit() {
    for layout in Layout.all + Layout.edges {
      var ring = layout.makeRing()
      ring.shrinkToFit()
      check(ring.holds(layout.bytes), "\(layout)")
      check(ring.capacity == (layout.count == 0 ? 0 : layout.count <= 64 ? 64 : 128), "\(layout)")
    }
  }

  @Test("shrinking to fit forgets what was reserved")
  func forgetting() {
    var ring = RingBuffer(minimumCapacity: 5000)
    ring.shrinkToFit()
    #expect(ring.capacity == 0)
    ring.write([1])
    #expect(ring.capacity == 64)
    ring.reserveCapacity(5000)
    ring.removeAll(keepingCapacity: false)
    #expect(ring.capacity == 0)
    ring.write([1])
    #expect(ring.capacity == 64)
  }

  @Test("bytes by the hundred million are kept")
  func large() {
    let count = 200_000_000
    var ring = RingBuffer(minimumCapacity: count)
    #expect(ring.capacity == 1 << 28)
    let block = pattern(251 * 1000)
    while ring.count < count { ring.write(block) }
    #expect(ring.count >= count)
    #expect(ring[199_999_999] == block[199_999_999 % 251])
    ring.discard(199_000_000)
    #expect(ring.firstIndex(of: block[0], from: 1) == 251 - 199_000_000 % 251)
    while ring.count < 3_000_000 { ring.write(block) }
    #expect(ring[2_999_999] == block[(199_000_000 + 2_999_999) % 251])
    ring.shrinkToFit()
    #expect(ring.capacity <= 1 << 22)
    #expect(ring[2_999_999] == block[(199_000_000 + 2_999_999) % 251])
  }
}
