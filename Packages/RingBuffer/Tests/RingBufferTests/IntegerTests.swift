import RingBuffer
import TestSupport
import Testing

@Suite("Integers")
struct IntegerTests {
  @Test("they lie in the byte order that was asked for, the most significant byte first unless told")
  func byteOrder() {
    var ring = RingBuffer()
    ring.writeInteger(UInt16(0x0102))
    ring.writeInteger(UInt32(0x0304_0506), byteOrder: .little)
    ring.writeInteger(Int8(-1))
    #expect(ring.peek(100) == [1, 2, 6, 5, 4, 3, 0xFF])
    #expect(ring.readInteger() == UInt16(0x0102))
    #expect(ring.readInteger(as: UInt32.self, byteOrder: .little) == 0x0304_0506)
    #expect(ring.readInteger(as: Int8.self) == -1)
    #expect(ring.readInteger(as: UInt8.self) == nil)
  }

  @Test("what is written is read, wherever it lies in the storage, and whole or not at all")
  func everywhere() {
    for start in 0..<64 {
      expectRoundTrip(of: [UInt8.min, .max, 7], start: start)
      expectRoundTrip(of: [Int16.min, .max, -2], start: start)
      expectRoundTrip(of: [UInt32.min, .max, 0x0102_0304], start: start)
      expectRoundTrip(of: [Int64.min, .max, 0x0102_0304_0506_0708], start: start)
      expectRoundTrip(of: [UInt.min, .max, 99], start: start)
      expectRoundTrip(of: [Int128.min, .max, 1 << 100], start: start)
    }
  }

  private func expectRoundTrip<Value: FixedWidthInteger & BitwiseCopyable>(of values: [Value], start: Int) {
    let size = Value.bitWidth / 8
    for order in [RingBuffer.ByteOrder.big, .little] {
      for value in values {
        var ring = RingBuffer(minimumCapacity: 64)
        ring.write([UInt8](repeating: 0xEE, count: start) + [9])
        ring.discard(start)
        ring.writeInteger(value, byteOrder: order)
        ring.writeByte(8)
        let bytes = withUnsafeBytes(of: order == .big ? value.bigEndian : value.littleEndian) { [UInt8]($0) }
        check(ring.holds([9] + bytes + [8]), "\(value) at \(start)")
        check(ring.peekInteger(at: 1, byteOrder: order) == value, "\(value) at \(start)")
        check(ring.peekInteger(at: 3, as: Value.self, byteOrder: order) == nil, "past the end, \(value) at \(start)")
        ring.discard(1)
        check(ring.readInteger(byteOrder: order) == value && ring.holds([8]), "\(value) at \(start)")
        if size > 1 { check(ring.readInteger(as: Value.self) == nil && ring.holds([8]), "\(value) at \(start)") }
      }
    }
  }

  @Test("an integer that is not whole is not there, in every layout")
  func unfinished() {
    Layout.edges.forEachRing { layout, ring in
      let bytes = layout.bytes
      for offset in Set(ReadTests.lengths(for: layout) + [layout.count - 3, layout.count - 4]) where offset >= 0 {
        let part = bytes.dropFirst(offset).prefix(4)
        let expected = part.count == 4 ? part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } : nil
        check(ring.peekInteger(at: offset) == expected, "at \(offset), \(layout)")
      }
    }
  }

  @Test("writing one grows the storage as needed")
  func growing() {
    Layout.edges.forEachRing { layout, ring in
      ring.writeInteger(UInt64(0x0102_0304_0506_0708))
      check(ring.holds(layout.bytes + [1, 2, 3, 4, 5, 6, 7, 8]), "\(layout)")
    }
  }
}
