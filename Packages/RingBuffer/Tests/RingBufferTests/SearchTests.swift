import RingBuffer
import TestSupport
import Testing

@Suite("Searching")
struct SearchTests {
  @Test("the last of several equal bytes is found, in every layout")
  func lastIndex() {
    Layout.edges.forEachRing { layout, ring in
      for byte in Set(layout.bytes.prefix(1) + layout.bytes.suffix(1) + [0xEE, 1, 64]) {
        check(ring.lastIndex(of: byte) == layout.bytes.lastIndex(of: byte), "\(byte), \(layout)")
      }
    }
    var ring = RingBuffer()
    ring.write("a\r\nb\r\nc")
    #expect(ring.lastIndex(of: 10) == 5)
    ring.discard(6)
    #expect(ring.lastIndex(of: 10) == nil)
  }

  @Test("the first byte that satisfies a predicate is found, from any start, in every layout")
  func predicate() {
    Layout.edges.forEachRing { layout, ring in
      for start in Set(ReadTests.lengths(for: layout) + [layout.count / 2]) {
        for limit in [0, 1, 3, 62, 66, 127, 255] as [UInt8] {
          let expected = layout.bytes.dropFirst(start).firstIndex { $0 > limit }
          let found = ring.firstIndex(from: start) { $0 > limit }
          check(found == expected, "> \(limit) from \(start), \(layout)")
        }
      }
    }
  }

  @Test("a predicate is asked about each byte once, in order, until it says yes, and may throw")
  func predicateOrder() {
    struct Refusal: Error {}
    var ring = RingBuffer()
    ring.write("abcdef")
    var asked: [UInt8] = []
    let index = ring.firstIndex(from: 1) { byte in
      asked.append(byte)
      return byte == UInt8(ascii: "d")
    }
    #expect(index == 3)
    #expect(asked == Array("bcd".utf8))
    #expect(throws: Refusal.self) { _ = try ring.firstIndex { _ in throw Refusal() } }
  }

  @Test("a sequence of bytes is found where it is, across the seam too, from any start, in every layout")
  func range() {
    Layout.edges.forEachRing { layout, ring in
      let starts = Set([0, 1, layout.count / 2, layout.count - 1, layout.count, layout.count + 1, .max]).filter {
        $0 >= 0
      }
      for start in starts {
        for pattern in Self.patterns(in: layout) {
          let expected = firstRange(of: pattern, in: layout.bytes, from: start)
          check(ring.firstRange(of: pattern, from: start) == expected, "\(pattern) from \(start), \(layout)")
        }
      }
    }
  }

  /// Parts of a layout's bytes, some of which lie across its seam, and bytes that are not there.
  private static func patterns(in layout: Layout) -> [[UInt8]] {
    let (bytes, seam) = (layout.bytes, layout.capacity - layout.start)
    let parts = [0, 1, seam - 2, seam - 1, seam, bytes.count - 2, bytes.count - 1].flatMap { first in
      [1, 2, 3].map { length in [UInt8](bytes.dropFirst(max(0, first)).prefix(length)) }
    }
    return Set(parts + [bytes, bytes + [0], [0xEE], [1, 1]]).filter { !$0.isEmpty }
  }

  @Test("a pattern that overlaps itself is found at its first place, in every layout")
  func overlapping() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<3000 {
      let bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in UInt8.random(in: 1...2, using: &random) }
      let pattern = (0..<Int.random(in: 1...7, using: &random)).map { _ in UInt8.random(in: 1...2, using: &random) }
      var ring = RingBuffer(minimumCapacity: 64)
      let start = Int.random(in: 0..<64, using: &random)
      ring.write([UInt8](repeating: 1, count: start))
      ring.writeByte(0)
      ring.discard(start)
      let first = min(bytes.count, 63 - start)
      ring.write(bytes.prefix(max(0, first)))
      ring.discard(1)
      ring.write(bytes.dropFirst(max(0, first)))
      let from = Int.random(in: 0...8, using: &random)
      let found = ring.firstRange(of: RingBuffer.Pattern(pattern), from: from)
      check(found == firstRange(of: pattern, in: bytes, from: from), "\(pattern) in \(bytes), start \(start)")
    }
  }

  @Test("a prepared pattern finds the end of a match that began in an earlier span")
  func spanBySpan() {
    let pattern = RingBuffer.Pattern("abab".utf8)
    #expect(pattern.bytes == Array("abab".utf8))
    let text = Array("xaabababx".utf8)
    for cut in 0...text.count {
      let (first, second) = (Array(text[..<cut]), Array(text[cut...]))
      var matched = 0
      var end = pattern.endOfMatch(in: first.span, matched: &matched)
      if end == nil {
        end = second.withUnsafeBytes { pattern.endOfMatch(in: RawSpan(_unsafeBytes: $0), matched: &matched) }.map {
          $0 + cut
        }
      }
      check(end == 6 && matched == 4, "cut at \(cut): \(end ?? -1)")
    }
  }

  @Test("long runs of a pattern's beginning do not hide it, nor slow the search down")
  func hostile() {
    let count = 1_000_000
    var ring = RingBuffer()
    ring.write([UInt8](repeating: 1, count: count))
    let pattern = RingBuffer.Pattern([UInt8](repeating: 1, count: 1000) + [2])
    #expect(ring.firstRange(of: pattern) == nil)
    ring.writeByte(2)
    #expect(ring.firstRange(of: pattern) == count - 1000..<count + 1)
  }

  @Test("spans are searched like rings", arguments: 0...70)
  func spans(count: Int) {
    let bytes = pattern(count)
    let doubled = bytes + bytes
    for byte in bytes.prefix(2) + bytes.suffix(2) + [0, 0xEE] {
      let first = RingBuffer.firstIndex(of: byte, in: doubled.span)
      let last = RingBuffer.lastIndex(of: byte, in: doubled.span)
      check(first == doubled.firstIndex(of: byte) && last == doubled.lastIndex(of: byte), "\(byte) in \(count)")
      let raw = doubled.withUnsafeBytes { memory in
        let span = RawSpan(_unsafeBytes: memory)
        return [RingBuffer.firstIndex(of: byte, in: span), RingBuffer.lastIndex(of: byte, in: span)]
      }
      check(raw == [first, last], "\(byte) in \(count)")
    }
  }

  /// The first place of `pattern` in `bytes`, looked for at every position.
  private func firstRange(of pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Range<Int>? {
    guard start < bytes.count else { return nil }
    return (start..<bytes.count).first { bytes[$0...].starts(with: pattern) }.map { $0..<$0 + pattern.count }
  }
}
