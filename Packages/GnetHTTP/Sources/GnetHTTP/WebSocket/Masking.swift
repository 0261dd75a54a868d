internal import RingBuffer

/// The mask of a client's frames. Source: RFC 6455, 5.3.
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

  private static func append(_ bytes: RawSpan, mask: UInt32, from offset: Int, to output: inout RingBuffer) {
    if bytes.isEmpty { return }
    let free = unsafe output.freeSegments(minimumCapacity: bytes.byteCount)
    let firstCount = unsafe min(bytes.byteCount, free.first.count)
    unsafe bytes.withUnsafeBytes { source in
      let start = unsafe source.baseAddress.unsafelyUnwrapped
      unsafe copy(start, to: free.first.baseAddress.unsafelyUnwrapped, firstCount, mask, from: offset)
      guard firstCount < source.count, let second = unsafe free.second.baseAddress else { return }
      unsafe copy(start + firstCount, to: second, source.count - firstCount, mask, from: offset + firstCount)
    }
    output.commit(bytes.byteCount)
  }

  /// Copies bytes without their mask, most of them 64 at a time.
  private static func copy(
    _ source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, _ count: Int, _ mask: UInt32, from offset: Int
  ) {
    // The mask from the first byte's place on, eight bytes of it, as they lie in memory.
    let rotated = mask >> (8 * UInt32(offset & 3)) | mask << (8 * UInt32(-offset & 3))
    let word = (UInt64(rotated) << 32 | UInt64(rotated)).littleEndian
    let words = SIMD8<UInt64>(repeating: word)
    var index = 0
    while index &+ 64 <= count {
      let masked = unsafe source.loadUnaligned(fromByteOffset: index, as: SIMD8<UInt64>.self)
      unsafe destination.storeBytes(of: masked ^ words, toByteOffset: index, as: SIMD8<UInt64>.self)
      index &+= 64
    }
    while index &+ 8 <= count {
      let masked = unsafe source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      unsafe destination.storeBytes(of: masked ^ word, toByteOffset: index, as: UInt64.self)
      index &+= 8
    }
    while index < count {
      let masked = unsafe source.load(fromByteOffset: index, as: UInt8.self)
      unsafe destination.storeBytes(of: masked ^ mask.byte(offset &+ index), toByteOffset: index, as: UInt8.self)
      index &+= 1
    }
  }
}

extension UInt32 {
  /// The byte of a mask that belongs to a place in a frame.
  @inline(__always)
  func byte(_ offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: self >> (8 * UInt32(offset & 3))) }
}
