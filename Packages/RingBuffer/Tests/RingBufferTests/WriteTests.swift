import RingBuffer
import TestSupport
import Testing

@Suite("Writing")
struct WriteTests {
  /// Lengths around what a layout has free.
  static func lengths(for layout: Layout) -> [Int] {
    let free = layout.capacity - layout.count
    return Set([0, 1, 2, free - 1, free, free + 1, 3 * layout.capacity + 5]).filter { $0 >= 0 }.sorted()
  }

  @Test("bytes of every kind go behind those that are there, in every layout")
  func everyOverload() {
    for layout in Layout.edges {
      for length in Self.lengths(for: layout) {
        let new = pattern(length, from: 100)
        let expected = layout.bytes + new
        for (name, write) in Self.overloads {
          var ring = layout.makeRing()
          write(&ring, new)
          check(ring.holds(expected), "\(name) of \(length), \(layout)")
        }
      }
    }
  }

  private static let overloads: [(String, @Sendable (inout RingBuffer, [UInt8]) -> Void)] = [
    ("RawSpan", { ring, bytes in bytes.withUnsafeBytes { ring.write(RawSpan(_unsafeBytes: $0)) } }),
    ("Span", { ring, bytes in ring.write(bytes.span) }),
    ("[UInt8]", { ring, bytes in ring.write(bytes) }),
    ("ArraySlice", { ring, bytes in ring.write(([0] + bytes)[1...]) }),
    ("ContiguousArray", { ring, bytes in ring.write(ContiguousArray(bytes)) }),
    ("Repeated", { ring, bytes in for byte in bytes { ring.write(repeatElement(byte, count: 1)) } }),
    ("LazyMapCollection", { ring, bytes in ring.write(bytes.lazy.map { $0 }) }),
    ("Chain", { ring, bytes in ring.write(Chain(bytes)) }),
    ("single bytes", { ring, bytes in for byte in bytes { ring.writeByte(byte) } }),
    (
      "another ring's segments",
      { ring, bytes in
        var other = RingBuffer()
        other.write(bytes)
        ring.write(other.readable.first)
      }
    ),
  ]

  @Test("bytes go in front of those that are there, in every layout")
  func prepending() {
    for layout in Layout.edges {
      for length in Self.lengths(for: layout) {
        let new = pattern(length, from: 100)
        var ring = layout.makeRing()
        new.withUnsafeBytes { ring.prepend(RawSpan(_unsafeBytes: $0)) }
        check(ring.holds(new + layout.bytes), "\(length), \(layout)")
      }
    }
  }

  @Test("one byte fits into every layout")
  func oneByte() {
    Layout.all.forEachRing { layout, ring in
      ring.writeByte(0xFF)
      check(ring.holds(layout.bytes + [0xFF]), "\(layout)")
    }
  }

  @Test("a length up to the free capacity leaves the storage alone, one more doubles it")
  func growth() {
    for layout in Layout.all where layout.count > 0 {
      var ring = layout.makeRing()
      let address = ring.readable.first.address
      ring.write(pattern(ring.freeCapacity))
      check(ring.isFull && ring.capacity == layout.capacity, "full, \(layout)")
      check(ring.readable.first.address == address, "in place, \(layout)")
      ring.writeByte(0)
      check(ring.capacity == 2 * layout.capacity, "grown, \(layout)")
      check(ring.readable.second.byteCount == 0, "straightened, \(layout)")
    }
  }

  @Test("literals mean what they look like")
  func literals() {
    var ring = RingBuffer()
    ring.write("x")
    ring.write([1, 2, 3])
    ring.write("")
    ring.write([])
    ring.write("yz".utf8)
    ring.write([4, 5][...])
    ring.write(CollectionOfOne(6))
    #expect(ring.readAll() == [0x78, 1, 2, 3, 0x79, 0x7A, 4, 5, 6])
  }

  @Test("text is written as UTF-8", arguments: ["", "a", "grüße", "日本語", "👩‍👩‍👧‍👦 and a text that is not small"])
  func text(_ text: String) {
    Layout.edges.forEachRing { layout, ring in
      ring.write(text)
      check(ring.holds(layout.bytes + Array(text.utf8)), "\(layout)")
    }
    var ring = RingBuffer()
    ring.write(String(text.dropFirst()))
    #expect(ring.readAll() == Array(text.dropFirst().utf8))
  }

  @Test("a collection's count is never asked for")
  func countless() {
    var ring = RingBuffer()
    ring.write(Chain(pattern(1000), allowsCounting: false))
    #expect(ring.readAll() == pattern(1000))
  }

  @Test("an unordered collection is written in its own order")
  func unordered() {
    let set = Set(pattern(200))
    var ring = RingBuffer()
    ring.write(set)
    #expect(ring.readAll() == Array(set))
  }

  @Test("writing nothing takes no storage")
  func nothing() {
    var ring = RingBuffer()
    ring.write([])
    ring.write("")
    ring.write(EmptyCollection())
    #expect(ring.capacity == 0)
    #expect(ring.readable.byteCount == 0)
  }
}

/// A collection that can only be walked through: no contiguous storage, and counting walks it.
private struct Chain: Collection {
  private let bytes: [UInt8]
  private let allowsCounting: Bool

  init(_ bytes: [UInt8], allowsCounting: Bool = true) {
    self.bytes = bytes
    self.allowsCounting = allowsCounting
  }

  var startIndex: Int { 0 }
  var endIndex: Int { bytes.count }
  subscript(position: Int) -> UInt8 { bytes[position] }
  func index(after position: Int) -> Int { position + 1 }

  var count: Int {
    precondition(allowsCounting, "counted")
    return bytes.reduce(0) { count, _ in count + 1 }
  }
}
