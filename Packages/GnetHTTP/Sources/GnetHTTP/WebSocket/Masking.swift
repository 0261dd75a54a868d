internal import RingBuffer

/// The mask of a client's frames.
enum Masking {
  /// Copies the first bytes of a buffer behind those of another, without their mask.
  ///
  /// - Parameter offset: the place of the first byte in the frame.
  static func copy(
    _ count: Int, of input: borrowing RingBuffer, mask: UInt32, from offset: Int, to output: inout RingBuffer
  ) {
    let segments = input.readable(prefix: count)
    append(segments.first, mask: mask, from: offset, to: &output)
    append(segments.second, mask: mask, from: offset + segments.first.byteCount, to: &output)
  }

  /// Most bytes are copied eight at a time.
  private static func append(_ bytes: RawSpan, mask: UInt32, from offset: Int, to output: inout RingBuffer) {
    if bytes.isEmpty { return }
    let (first, second) = unsafe output.freeSegments(minimumCapacity: bytes.byteCount)
    // The mask from the first byte's place on, eight bytes of it.
    var word: UInt64 = 0
    for index in 0..<8 { word |= UInt64(mask.byte(offset + index)) << (8 * UInt64(index)) }
    let firstCount = min(bytes.byteCount, first.count)
    var index = 0
    while index + 8 <= firstCount {
      let masked = unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
      unsafe first.storeBytes(of: (masked ^ word).littleEndian, toByteOffset: index, as: UInt64.self)
      index += 8
    }
    while index < bytes.byteCount {
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) ^ mask.byte(offset + index)
      if index < firstCount { unsafe first[index] = byte } else { unsafe second[index - firstCount] = byte }
      index += 1
    }
    output.commit(bytes.byteCount)
  }
}

extension UInt32 {
  /// The byte of a mask that belongs to a place in a frame.
  @inline(__always)
  func byte(_ offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: self >> (8 * UInt32(offset & 3))) }
}
