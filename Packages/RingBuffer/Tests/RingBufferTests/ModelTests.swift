import RingBuffer
import TestSupport
import Testing

@Suite("Against a plain array")
struct ModelTests {
  @Test("200,000 random operations agree with an array of bytes")
  func randomOperations() {
    let seed = SeededGenerator.seed(variable: "RINGBUFFER_SEED")
    print("ModelTests: RINGBUFFER_SEED=\(seed)")
    var model = Model(seed: seed)
    for step in 0..<200_000 {
      let operation = model.step()
      if !model.isRight {
        Issue.record("step \(step), \(operation), seed \(seed)")
        return
      }
    }
    #expect(model.hasGrown && model.hasShrunk && model.hasWrapped)
  }
}

/// A ring, a second one to move bytes from, and the arrays that they must agree with.
private struct Model: ~Copyable {
  var ring = RingBuffer()
  var other = RingBuffer()
  var bytes: [UInt8] = []
  var otherBytes: [UInt8] = []
  var random: SeededGenerator
  var nextByte = 0
  var isRight = true
  var hasGrown = false
  var hasShrunk = false
  var hasWrapped = false

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// Performs one random operation on both sides, and returns its name.
  mutating func step() -> String {
    let capacity = ring.capacity
    let name = perform(Int.random(in: 0..<34, using: &random))
    hasGrown = hasGrown || ring.capacity > capacity && capacity > 0
    hasShrunk = hasShrunk || ring.capacity < capacity && ring.capacity > 0
    hasWrapped = hasWrapped || ring.readable.second.byteCount > 0
    expect(ring.count == bytes.count && ring.isConsistent())
    expect(other.count == otherBytes.count && other.isConsistent())
    if Int.random(in: 0..<16, using: &random) == 0 { expect(ring.holds(bytes) && other.holds(otherBytes)) }
    return name
  }

  private mutating func expect(_ condition: Bool) { isRight = isRight && condition }

  /// A length: mostly short, seldom a burst.
  private mutating func length() -> Int {
    switch Int.random(in: 0..<100, using: &random) {
    case 0: Int.random(in: 0...5000, using: &random)
    case 1..<20: Int.random(in: 0...300, using: &random)
    default: Int.random(in: 0...40, using: &random)
    }
  }

  private mutating func fresh(_ count: Int) -> [UInt8] {
    defer { nextByte += count }
    return pattern(count, from: nextByte)
  }

  private mutating func take(_ count: Int) -> [UInt8] {
    let taken = [UInt8](bytes.prefix(count))
    bytes.removeFirst(taken.count)
    return taken
  }

  private mutating func perform(_ operation: Int) -> String {
    switch operation {
    case 0..<7: write(operation)
    case 7..<14: read(operation)
    case 14..<18: scale(operation)
    case 18..<22: move(operation)
    case 32...: prepend()
    default: look(operation)
    }
  }

  private mutating func prepend() -> String {
    let new = fresh(length())
    bytes = new + bytes
    new.withUnsafeBytes { ring.prepend(RawSpan(_unsafeBytes: $0)) }
    return "prepend(\(new.count))"
  }

  private mutating func write(_ operation: Int) -> String {
    let new = operation == 0 ? fresh(1) : fresh(length())
    bytes += new
    switch operation {
    case 0:
      ring.writeByte(new[0])
      return "writeByte"
    case 1:
      ring.write(new)
      return "write([UInt8])"
    case 2:
      new.withUnsafeBytes { ring.write(RawSpan(_unsafeBytes: $0)) }
      return "write(RawSpan)"
    case 3:
      ring.write(new.span)
      return "write(Span)"
    case 4:
      ring.write(new[...])
      return "write(ArraySlice)"
    case 5:
      ring.write(new.lazy.map { $0 })
      return "write(LazyMapCollection)"
    default:
      store(new)
      return "freeSegments, commit"
    }
  }

  private mutating func store(_ new: [UInt8]) {
    let free = ring.freeSegments(minimumCapacity: new.count)
    expect(free.first.count + free.second.count == ring.freeCapacity && ring.freeCapacity >= new.count)
    for (index, byte) in new.enumerated() {
      let isFirst = index < free.first.count
      if isFirst { free.first[index] = byte } else { free.second[index - free.first.count] = byte }
    }
    ring.commit(new.count)
  }

  private mutating func read(_ operation: Int) -> String {
    let count = length()
    switch operation {
    case 7:
      expect(ring.readByte() == take(1).first)
      return "readByte"
    case 8:
      expect(ring.read(count) == take(count))
      return "read(\(count))"
    case 9, 10:
      expect(ring.discard(count) == take(count).count)
      return "discard(\(count))"
    case 11:
      var destination = [UInt8](repeating: 0xAA, count: count)
      let taken = destination.withUnsafeMutableBytes { ring.read(into: $0) }
      let expected = take(count)
      expect(taken == expected.count && destination[..<taken] == expected[...])
      return "read(into: buffer of \(count))"
    case 12:
      var destination = [UInt8](repeating: 0xAA, count: count)
      var span = destination.mutableSpan
      let taken = ring.read(into: &span)
      let expected = take(count)
      expect(taken == expected.count && destination[..<taken] == expected[...])
      return "read(into: span of \(count))"
    default:
      guard Int.random(in: 0..<4, using: &random) == 0 else { return "nothing" }
      var drained: [UInt8] = []
      ring.drain { drained += $0.array }
      expect(drained == take(bytes.count))
      return "drain"
    }
  }

  private mutating func scale(_ operation: Int) -> String {
    let isKeeping = Bool.random(using: &random)
    guard Int.random(in: 0..<20, using: &random) == 0 else { return "nothing" }
    switch operation {
    case 14:
      ring.shrinkToFit()
      return "shrinkToFit"
    case 15:
      let count = length()
      ring.reserveCapacity(count)
      expect(ring.capacity >= count)
      return "reserveCapacity(\(count))"
    case 16:
      bytes = []
      ring.removeAll(keepingCapacity: isKeeping)
      return "removeAll(keepingCapacity: \(isKeeping))"
    default:
      expect(ring.readAll() == take(bytes.count))
      return "readAll"
    }
  }

  private mutating func move(_ operation: Int) -> String {
    switch operation {
    case 18:
      let new = fresh(length())
      other.write(new)
      otherBytes += new
      return "write to the other"
    case 19:
      ring.append(moving: &other)
      bytes += otherBytes
      otherBytes = []
      return "append(moving:)"
    case 20:
      let count = length()
      let taken = ring.read(count, into: &other)
      let expected = take(count)
      expect(taken == expected.count)
      otherBytes += expected
      return "read(\(count), into: ring)"
    default:
      let count = length()
      expect(other.read(count) == [UInt8](otherBytes.prefix(count)))
      otherBytes.removeFirst(min(count, otherBytes.count))
      return "read(\(count)) from the other"
    }
  }

  private mutating func look(_ operation: Int) -> String {
    let count = length()
    switch operation {
    case 22:
      let seen = ring.copy(prefix: count)
      expect(seen == [UInt8](bytes.prefix(count)))
      return "readable(prefix: \(count))"
    case 23:
      let byte = UInt8.random(in: 0...255, using: &random)
      expect(ring.firstIndex(of: byte, from: count) == bytes.dropFirst(count).firstIndex(of: byte))
      expect(ring.lastIndex(of: byte) == bytes.lastIndex(of: byte))
      let bound = ring.firstIndex(from: count) { $0 < byte }
      expect(bound == bytes.dropFirst(count).firstIndex { $0 < byte })
      return "firstIndex(of: \(byte), from: \(count)), lastIndex(of:), firstIndex(where:)"
    case 24:
      return search(around: count)
    case 25:
      return integers(at: count)
    case 26:
      expect(ring.peek(count) == [UInt8](bytes.prefix(count)))
      return "peek(\(count))"
    case 27:
      guard Int.random(in: 0..<8, using: &random) == 0 else { return "nothing" }
      var seen: [UInt8] = []
      ring.forEach { seen.append($0) }
      expect(seen == bytes)
      return "forEach"
    case 28:
      ring.makeContiguous()
      let rest = ring.readable.second.byteCount
      expect(rest == 0)
      return "makeContiguous"
    default:
      if count < bytes.count { expect(ring[count] == bytes[count]) }
      return "[\(count)]"
    }
  }

  /// Searches for a few bytes that are there, at `offset`, or not.
  private mutating func search(around offset: Int) -> String {
    var pattern = [UInt8](bytes.dropFirst(offset).prefix(Int.random(in: 1...4, using: &random)))
    if pattern.isEmpty || Bool.random(using: &random) { pattern.append(UInt8.random(in: 0...255, using: &random)) }
    let start = max(0, offset - Int.random(in: 0...20, using: &random))
    let candidates = start < bytes.count ? start..<bytes.count : 0..<0
    let found = candidates.first { bytes[$0...].starts(with: pattern) }
    expect(ring.firstRange(of: pattern, from: start) == found.map { $0..<$0 + pattern.count })
    return "firstRange(of: \(pattern), from: \(start))"
  }

  /// Looks at an integer, and writes and reads others.
  private mutating func integers(at offset: Int) -> String {
    let part = bytes.dropFirst(offset).prefix(4)
    let expected = part.count == 4 ? part.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) } : nil
    expect(ring.peekInteger(at: offset, byteOrder: .little) == expected)
    let number = UInt64.random(in: 0...UInt64.max, using: &random)
    ring.writeInteger(number)
    bytes += (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    expect(ring.readInteger(as: UInt16.self) == take(2).reduce(UInt16(0)) { $0 << 8 | UInt16($1) })
    return "peekInteger(at: \(offset)), writeInteger, readInteger"
  }
}
