import RingBuffer
import TestSupport
import Testing

@Suite("Storing straight into the ring")
struct FreeSegmentsTests {
  @Test("the free segments are all free space, in the order of writing")
  func allRoom() {
    for layout in Layout.all {
      for stored in Set([0, 1, (layout.capacity - layout.count) / 2, layout.capacity - layout.count]) {
        guard stored <= layout.capacity - layout.count else { continue }
        var ring = layout.makeRing()
        let free = ring.freeSegments(minimumCapacity: stored)
        check(free.first.count + free.second.count == layout.capacity - layout.count, "\(layout)")
        check(ring.capacity == layout.capacity, "\(layout)")
        store(pattern(stored, from: 9), in: free)
        ring.commit(stored)
        check(ring.holds(layout.bytes + pattern(stored, from: 9)), "\(stored), \(layout)")
      }
    }
  }

  @Test("the free space is one segment unless it wraps")
  func segments() {
    Layout.all.forEachRing { layout, ring in
      let free = ring.freeSegments(minimumCapacity: 0)
      let isWrapping = layout.start > 0 && layout.start + layout.count < layout.capacity
      check((free.second.count > 0) == isWrapping, "\(layout)")
      check(free.first.count > 0 || ring.isFull, "\(layout)")
    }
  }

  @Test("the ring grows when too little is free")
  func growing() {
    for layout in Layout.edges {
      for asked in [1, 64, 1000] {
        var ring = layout.makeRing()
        let free = ring.freeSegments(minimumCapacity: asked)
        let freeCount = free.first.count + free.second.count
        check(freeCount == ring.freeCapacity && freeCount >= asked, "\(asked), \(layout)")
        store(pattern(ring.freeCapacity, from: 3), in: free)
        let stored = ring.freeCapacity
        ring.commit(stored)
        check(ring.isFull && ring.holds(layout.bytes + pattern(stored, from: 3)), "\(asked), \(layout)")
      }
    }
  }

  @Test("one byte is asked for by default, none needs no storage")
  func defaults() {
    var ring = RingBuffer()
    let nothing = ring.freeSegments(minimumCapacity: 0)
    #expect(nothing.first.count == 0 && nothing.second.count == 0 && ring.capacity == 0)
    ring.commit(0)
    #expect(ring.freeSegments().first.count == 64)
    #expect(ring.count == 0)
  }

  private func store(
    _ bytes: [UInt8], in free: (first: UnsafeMutableRawBufferPointer, second: UnsafeMutableRawBufferPointer)
  ) {
    let split = min(bytes.count, free.first.count)
    free.first.copyBytes(from: bytes[..<split])
    free.second.copyBytes(from: bytes[split...])
  }
}
