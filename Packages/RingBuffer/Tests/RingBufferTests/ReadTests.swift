import RingBuffer
import TestSupport
import Testing

@Suite("Reading")
struct ReadTests {
  /// Lengths around what a layout holds.
  static func lengths(for layout: Layout) -> [Int] {
    let behindStart = layout.capacity - layout.start
    let lengths = [0, 1, 2, behindStart - 1, behindStart, behindStart + 1, layout.count - 1, layout.count]
    return Set(lengths + [layout.count + 1, .max]).filter { $0 >= 0 }.sorted()
  }

  @Test("reading takes what is asked for, or all there is, from every layout")
  func read() {
    for layout in Layout.edges {
      for length in Self.lengths(for: layout) {
        var ring = layout.makeRing()
        check(ring.read(length) == Array(layout.bytes.prefix(length)), "read(\(length)), \(layout)")
        check(ring.holds(Array(layout.bytes.dropFirst(length))), "after read(\(length)), \(layout)")
      }
    }
  }

  @Test("discarding drops what is asked for, or all there is, and says how much")
  func discard() {
    for layout in Layout.edges {
      for length in Self.lengths(for: layout) {
        var ring = layout.makeRing()
        check(ring.discard(length) == min(length, layout.count), "discard(\(length)), \(layout)")
        check(ring.holds(Array(layout.bytes.dropFirst(length))), "after discard(\(length)), \(layout)")
      }
    }
  }

  @Test("reading into memory fills it as far as bytes go, and touches nothing behind them")
  func readInto() {
    for layout in Layout.edges {
      for length in Self.lengths(for: layout) where length < .max {
        let expected = Array(layout.bytes.prefix(length))
        let untouched = [UInt8](repeating: 0xAA, count: length - expected.count)

        var ring = layout.makeRing()
        var memory = [UInt8](repeating: 0xAA, count: length)
        var taken = memory.withUnsafeMutableBytes { ring.read(into: $0) }
        check(taken == expected.count && memory == expected + untouched, "buffer of \(length), \(layout)")
        check(ring.holds(Array(layout.bytes.dropFirst(length))), "after buffer of \(length), \(layout)")

        ring = layout.makeRing()
        memory = [UInt8](repeating: 0xAA, count: length)
        var span = memory.mutableSpan
        taken = ring.read(into: &span)
        check(taken == expected.count && memory == expected + untouched, "span of \(length), \(layout)")
        check(ring.holds(Array(layout.bytes.dropFirst(length))), "after span of \(length), \(layout)")
      }
    }
  }

  @Test("reading into no memory takes nothing")
  func readIntoNothing() {
    var ring = RingBuffer()
    #expect(ring.read(into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) == 0)
    ring.write([1])
    #expect(ring.read(into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) == 0)
    #expect(ring.readAll() == [1])
  }

  @Test("bytes come out one by one, then nil")
  func oneByOne() {
    Layout.all.forEachRing { layout, ring in
      var bytes: [UInt8] = []
      while let byte = ring.readByte() { bytes.append(byte) }
      check(bytes == layout.bytes, "\(layout)")
      check(ring.isEmpty && ring.readByte() == nil, "\(layout)")
    }
  }

  @Test("reading all empties every layout")
  func readAll() {
    Layout.all.forEachRing { layout, ring in
      check(ring.readAll() == layout.bytes, "\(layout)")
      check(ring.holds([]) && ring.readAll() == [], "\(layout)")
    }
  }

  @Test("draining hands over one span, or two when the bytes wrap, none when there are none")
  func drain() {
    Layout.all.forEachRing { layout, ring in
      var bytes: [UInt8] = []
      var lengths: [Int] = []
      ring.drain { span in
        lengths.append(span.byteCount)
        bytes += span.array
      }
      let first = min(layout.count, layout.capacity - layout.start)
      check(bytes == layout.bytes, "\(layout)")
      check(lengths == [first, layout.count - first].filter { $0 > 0 }, "\(lengths), \(layout)")
      check(ring.holds([]), "\(layout)")
    }
  }

  @Test("removing all keeps the storage or frees it, as told")
  func removeAll() {
    Layout.all.forEachRing { layout, ring in
      ring.removeAll()
      check(ring.holds([]) && ring.capacity == layout.capacity, "keeping, \(layout)")
      ring.write([1, 2])
      check(ring.holds([1, 2]), "keeping, \(layout)")

      ring = layout.makeRing()
      ring.removeAll(keepingCapacity: false)
      check(ring.holds([]) && ring.capacity == 0, "not keeping, \(layout)")
      ring.write([1, 2])
      check(ring.holds([1, 2]), "not keeping, \(layout)")
    }
  }

  @Test("an empty ring starts over, so that its free space is one segment")
  func startingOver() {
    for layout in Layout.all where layout.count > 0 {
      let ways: [(inout RingBuffer) -> Void] = [
        { $0.discard(.max) }, { $0.removeAll() }, { $0.drain { _ in } }, { _ = $0.readAll() },
      ]
      for empty in ways {
        var ring = layout.makeRing()
        empty(&ring)
        ring.write(pattern(layout.capacity))
        check(ring.readable.second.byteCount == 0, "\(layout)")
      }
    }
  }
}
