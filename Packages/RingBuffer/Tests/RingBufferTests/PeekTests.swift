import RingBuffer
import TestSupport
import Testing

@Suite("Peeking")
struct PeekTests {
  @Test("a copy of what comes first, or of all there is, leaves the ring as it was")
  func peek() {
    Layout.edges.forEachRing { layout, ring in
      for length in ReadTests.lengths(for: layout) {
        check(ring.peek(length) == Array(layout.bytes.prefix(length)), "peek(\(length)), \(layout)")
      }
      check(ring.holds(layout.bytes), "\(layout)")
    }
  }

  @Test("each byte is visited once, in order, in every layout")
  func visiting() {
    Layout.all.forEachRing { layout, ring in
      var bytes: [UInt8] = []
      ring.forEach { bytes.append($0) }
      check(bytes == layout.bytes && ring.holds(layout.bytes), "forEach, \(layout)")
      check(ring.iterated() == layout.bytes, "iterator, \(layout)")
    }
  }

  @Test("an iterator may stop early, and says nil at the end as often as it is asked")
  func iterator() {
    let ring = Layout(capacity: 64, start: 62, count: 4).makeRing()
    var bytes = ring.readable.makeIterator()
    var seen: [UInt8] = []
    while let byte = bytes.next(), byte < 3 { seen.append(byte) }
    #expect(seen == [1, 2])
    let rest = [bytes.next(), bytes.next(), bytes.next()]
    #expect(rest == [4, nil, nil])
    var none = ring.readable(prefix: 0).makeIterator()
    let nothing = none.next()
    #expect(nothing == nil)
  }

  @Test("a body that throws ends the visit")
  func throwing() {
    struct Enough: Error {}
    let ring = Layout(capacity: 64, start: 62, count: 10).makeRing()
    var count = 0
    #expect(throws: Enough.self) {
      try ring.forEach { byte throws(Enough) in
        if byte == 4 { throw Enough() }
        count += 1
      }
    }
    #expect(count == 3)
    #expect(throws: Enough.self) { try ring.withReadable { _ throws(Enough) in throw Enough() } }
  }

  @Test("a scoped view shows the bytes of a ring that belongs to a class")
  func scoped() {
    final class Session { var ring = RingBuffer() }
    for layout in Layout.all {
      let session = Session()
      session.ring = layout.makeRing()
      let (bytes, isWrapped) = session.ring.withReadable { segments in
        (segments.first.array + segments.second.array, segments.second.byteCount > 0)
      }
      check(bytes == layout.bytes, "\(layout)")
      check(isWrapped == (layout.start + layout.count > layout.capacity), "\(layout)")
      session.ring.write(session.ring.peek(2))
      check(session.ring.holds(layout.bytes + layout.bytes.prefix(2)), "\(layout)")
    }
  }

  @Test("what a scoped view returns may be noncopyable")
  func noncopyable() {
    let ring = Layout(capacity: 64, start: 60, count: 8).makeRing()
    let copy = ring.withReadable { segments in
      var copy = RingBuffer()
      copy.write(segments.first)
      copy.write(segments.second)
      return copy
    }
    #expect(copy.copy() == ring.copy())
  }
}

extension RingBuffer {
  /// A copy of the unread bytes, by way of an iterator.
  fileprivate borrowing func iterated() -> [UInt8] {
    var bytes: [UInt8] = []
    var iterator = readable.makeIterator()
    while let byte = iterator.next() { bytes.append(byte) }
    return bytes
  }
}
