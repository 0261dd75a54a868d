import RingBuffer

extension FuzzTarget {
  static func ringBuffer(_ choices: inout Choices) {
    var ring = ModelledRing(&choices)
    var other = ModelledRing(&choices)
    while !choices.isEmpty {
      let operation = choices.byte()
      if operation & 0x80 != 0 { swap(&ring, &other) }
      ring.apply(operation & 0x7f, &other, &choices)
      ring.check(.prefix)
      other.check(.prefix)
    }
    ring.check(.all)
    other.check(.all)
  }
}

/// A ring, and an array of the bytes that it should have.
private struct ModelledRing: ~Copyable {
  var ring: RingBuffer
  var bytes: [UInt8] = []
  /// The most bytes that the ring was ever asked to hold.
  var peak: Int

  /// The most bytes of a ring.
  private static let limit = 1 << 18

  /// The bytes that are compared: a burst is not compared after each of many operations.
  enum Compared: Int { case prefix = 4096, all = 1_048_576 }

  init(_ choices: inout Choices) {
    peak = choices.number(0...300)
    ring = RingBuffer(minimumCapacity: peak)
  }

  /// Compares all that the ring tells of itself.
  func check(_ compared: Compared) {
    expectEqual(ring.count, bytes.count, "the count")
    expectEqual(ring.isEmpty, bytes.isEmpty, "isEmpty")
    expectEqual(ring.freeCapacity, ring.capacity - bytes.count, "the free capacity")
    expectEqual(ring.isFull, ring.capacity == bytes.count, "isFull")
    expect(ring.peek(compared.rawValue) == Array(bytes.prefix(compared.rawValue)), "the bytes differ")
    if let last = bytes.last { expectEqual(ring[bytes.count - 1], last, "the last byte") }
    let (first, second) = (ring.readable.first.byteCount, ring.readable.second.byteCount)
    expect(first + second == bytes.count && (second == 0 || first > 0), "the segments are not the bytes")
    let capacity = ring.capacity
    expect(capacity == 0 || capacity >= 64 && capacity & (capacity - 1) == 0, "a capacity of \(capacity)")
    expect(capacity <= max(64, 2 * peak), "a capacity of \(capacity) for at most \(peak) bytes")
  }

  // MARK: Operations

  mutating func apply(_ operation: UInt8, _ other: inout ModelledRing, _ choices: inout Choices) {
    switch operation % 21 {
    case 0...2: write(&choices)
    case 3: writeInteger(&choices)
    case 4...6: discard(choices.number(0...300))
    case 7: discard(choices.number(0...255) << 10)
    case 8: read(choices.number(0...300))
    case 9: readInteger(&choices)
    case 10: append(moving: &other)
    case 11: read(choices.number(0...600), into: &other)
    case 12: reserve(choices.number(0...5000))
    case 13: ring.shrinkToFit()
    case 14: removeAll(keepingCapacity: choices.flag())
    case 15: ring.makeContiguous()
    case 16: fill(&choices)
    case 17: search(for: pattern(1, &choices)[0], from: choices.number(0...300))
    case 18: search(for: pattern(choices.number(1...4), &choices), from: choices.number(0...300))
    case 19: drain()
    default: prepend(&choices)
    }
  }

  /// Counts bytes that come in. Returns false if there would be too many.
  private mutating func grows(by count: Int) -> Bool {
    if bytes.count + count > Self.limit { return false }
    peak = max(peak, bytes.count + count)
    return true
  }

  private mutating func write(_ choices: inout Choices) {
    // Few different bytes, so that patterns begin in many places.
    let (count, first, kind) = (choices.number(0...300), choices.byte(), choices.number(0...4))
    let piece =
      kind == 4
      ? [UInt8](repeating: first, count: count << 8)
      : (0..<count).map { UInt8(truncatingIfNeeded: ($0 * $0) >> 2) & 3 &+ first }
    guard grows(by: piece.count) else { return }
    switch kind {
    case 0: ring.write(piece.span)
    case 1: ring.write(piece.lazy.map { $0 })
    case 2: for byte in piece { ring.writeByte(byte) }
    case 3:
      let text = String(decoding: piece.map { $0 & 0x7f }, as: UTF8.self)
      ring.write(text)
      bytes += text.utf8
      return
    default: ring.write(piece)
    }
    bytes += piece
  }

  private mutating func prepend(_ choices: inout Choices) {
    let piece = [UInt8](repeating: choices.byte(), count: choices.number(0...20)) + choices.bytes(choices.number(0...3))
    guard grows(by: piece.count) else { return }
    ring.prepend(piece.span.bytes)
    bytes = piece + bytes
  }

  private mutating func fill(_ choices: inout Choices) {
    let (wanted, part, byte) = (choices.number(1...300), choices.number(0...300), choices.byte())
    guard grows(by: wanted) else { return }
    let free = ring.freeSegments(minimumCapacity: wanted)
    expectEqual(free.first.count + free.second.count, ring.freeCapacity, "the free segments")
    expect(ring.freeCapacity >= wanted, "fewer bytes are free than wanted")
    let count = min(part, wanted)
    for index in 0..<count {
      if index < free.first.count { free.first[index] = byte } else { free.second[index - free.first.count] = byte }
    }
    ring.commit(count)
    bytes += [UInt8](repeating: byte, count: count)
  }

  private mutating func writeInteger(_ choices: inout Choices) {
    guard grows(by: 8) else { return }
    let value = UInt64(choices.byte()) &* 0x0102_0408_1020_4081
    ring.writeInteger(value)
    bytes += (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
  }

  private mutating func readInteger(_ choices: inout Choices) {
    let offset = choices.number(0...300)
    let place = bytes.dropFirst(offset).prefix(4)
    let expected = place.count == 4 ? place.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) } : nil
    expectEqual(ring.peekInteger(at: offset, as: UInt32.self, byteOrder: .little), expected, "an integer")
    let front = bytes.count < 2 ? nil : UInt16(bytes[0]) << 8 | UInt16(bytes[1])
    expectEqual(ring.readInteger(as: UInt16.self), front, "the integer at the front")
    if front != nil { bytes.removeFirst(2) }
  }

  private mutating func discard(_ count: Int) {
    expectEqual(ring.discard(count), min(count, bytes.count), "the number of discarded bytes")
    bytes.removeFirst(min(count, bytes.count))
  }

  private mutating func read(_ count: Int) {
    expectEqual(ring.read(count), Array(bytes.prefix(count)), "the bytes that are read")
    bytes.removeFirst(min(count, bytes.count))
    expectEqual(ring.readByte(), bytes.first, "the byte that is read")
    bytes = Array(bytes.dropFirst())
  }

  private mutating func drain() {
    var drained: [UInt8] = []
    ring.drain { span in span.withUnsafeBytes { drained += $0 } }
    expectEqual(drained, bytes, "the drained bytes")
    bytes = []
  }

  private mutating func append(moving other: inout ModelledRing) {
    guard grows(by: other.bytes.count) else { return }
    ring.append(moving: &other.ring)
    bytes += other.bytes
    other.bytes = []
    sharePeak(with: &other)
  }

  private mutating func read(_ count: Int, into other: inout ModelledRing) {
    let part = Array(bytes.prefix(count))
    guard other.grows(by: part.count) else { return }
    expectEqual(ring.read(count, into: &other.ring), part.count, "the number of moved bytes")
    bytes.removeFirst(part.count)
    other.bytes += part
    sharePeak(with: &other)
  }

  /// Takes in that the rings may have exchanged their storage.
  private mutating func sharePeak(with other: inout ModelledRing) {
    peak = max(peak, other.peak)
    other.peak = peak
  }

  private mutating func reserve(_ count: Int) {
    peak = max(peak, count)
    ring.reserveCapacity(count)
    expect(ring.capacity >= count, "a reservation of \(count) bytes makes a capacity of \(ring.capacity)")
  }

  private mutating func removeAll(keepingCapacity isKept: Bool) {
    let capacity = ring.capacity
    ring.removeAll(keepingCapacity: isKept)
    expectEqual(ring.capacity, isKept ? capacity : 0, "the capacity after removing all")
    bytes = []
  }

  /// Bytes that are in the ring, or are not.
  private func pattern(_ count: Int, _ choices: inout Choices) -> [UInt8] {
    let (place, change) = (choices.number(0...300), choices.number(0...3))
    var pattern = Array((bytes.dropFirst(place) + [UInt8](repeating: 0, count: count)).prefix(count))
    if change == 3 { pattern[count - 1] = choices.byte() }
    return pattern
  }

  private func search(for byte: UInt8, from start: Int) {
    let expected = start < bytes.count ? bytes[start...].firstIndex(of: byte) : nil
    expectEqual(ring.firstIndex(of: byte, from: start), expected, "the first index")
    expectEqual(ring.firstIndex(from: start) { $0 == byte }, expected, "the first index by a predicate")
    expectEqual(ring.lastIndex(of: byte), bytes.lastIndex(of: byte), "the last index")
    if start < bytes.count { expectEqual(ring[start], bytes[start], "a byte") }
  }

  private func search(for pattern: [UInt8], from start: Int) {
    let starts = start + pattern.count <= bytes.count ? start...bytes.count - pattern.count : nil
    let found = starts?.first { bytes[$0..<$0 + pattern.count].elementsEqual(pattern) }
    expectEqual(ring.firstRange(of: pattern, from: start), found.map { $0..<$0 + pattern.count }, "the first range")
  }
}
