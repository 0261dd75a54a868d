import RingBuffer
import TestSupport
import Testing

@Suite("Inspecting unread bytes")
struct InspectionTests {
  @Test("the readable bytes lie in one span, or in two when they wrap")
  func readable() {
    Layout.all.forEachRing { layout, ring in
      let first = min(layout.count, layout.capacity - layout.start)
      check(ring.holds(layout.bytes), "\(layout)")
      check(ring.readable.first.byteCount == first, "\(layout)")
      check(ring.readable.second.byteCount == layout.count - first, "\(layout)")
      check(ring.holds(layout.bytes), "looking changes nothing, \(layout)")
    }
  }

  @Test("bytes that wrap come to lie in one span; others stay where they are")
  func contiguity() {
    Layout.all.forEachRing { layout, ring in
      let wraps = ring.readable.second.byteCount > 0
      let addressBefore = ring.readable.first.withUnsafeBytes { $0.baseAddress }
      ring.makeContiguous()
      check(ring.holds(layout.bytes) && ring.readable.first.byteCount == layout.count, "\(layout)")
      let hasMoved = ring.readable.first.withUnsafeBytes { $0.baseAddress } != addressBefore
      check(hasMoved == wraps && ring.capacity == layout.capacity, "\(layout)")
      ring.write([0xEE])
      check(ring.copy(prefix: 100) == layout.bytes + [0xEE], "\(layout)")
    }
  }

  @Test("a prefix is as long as asked for, or all there is")
  func prefix() {
    Layout.edges.forEachRing { layout, ring in
      for length in ReadTests.lengths(for: layout) {
        check(ring.copy(prefix: length) == Array(layout.bytes.prefix(length)), "\(length), \(layout)")
        let byteCount = ring.readable(prefix: length).byteCount
        check(byteCount == min(length, layout.count), "\(length), \(layout)")
      }
    }
  }

  @Test("a subscript counts from the first unread byte")
  func subscripting() {
    Layout.all.forEachRing { layout, ring in
      let bytes = layout.bytes
      let isRight = bytes.indices.allSatisfy { ring[$0] == bytes[$0] }
      check(isRight, "\(layout)")
    }
  }

  @Test("a byte is found where it is, from any start, in every layout")
  func search() {
    Layout.edges.forEachRing { layout, ring in
      let starts = Set(ReadTests.lengths(for: layout) + [layout.count / 2])
      for start in starts {
        let middle = layout.bytes.dropFirst(layout.count / 2).prefix(1)
        for byte in layout.bytes.prefix(1) + middle + layout.bytes.suffix(1) + [0xEE] {
          let expected = layout.bytes.dropFirst(start).firstIndex(of: byte)
          check(ring.firstIndex(of: byte, from: start) == expected, "\(byte) from \(start), \(layout)")
        }
      }
    }
  }

  @Test("the first of several equal bytes is found")
  func searchTwice() {
    var ring = RingBuffer()
    ring.write("a\r\nb\r\n")
    #expect(ring.firstIndex(of: 10) == 2)
    #expect(ring.firstIndex(of: 10, from: 2) == 2)
    #expect(ring.firstIndex(of: 10, from: 3) == 5)
    #expect(ring.firstIndex(of: 10, from: 6) == nil)
    #expect(ring.firstIndex(of: 0) == nil)
  }

  @Test("bytes outside what is unread are never found")
  func searchOutside() {
    var ring = RingBuffer(minimumCapacity: 64)
    ring.write([7, 1, 2, 3, 7])
    ring.discard(1)
    #expect(ring.firstIndex(of: 7) == 3)
    _ = ring.read(4)
    #expect(ring.firstIndex(of: 7) == nil)
  }
}
