extension RingBuffer {
  /// The order in which the bytes of an integer lie.
  public enum ByteOrder: Sendable {
    /// The most significant byte first: network byte order.
    case big

    /// The least significant byte first.
    case little
  }

  /// Writes the bytes of an integer behind the last unread byte, growing as needed.
  ///
  /// ```swift
  /// ring.writeInteger(UInt16(258))  // 1, 2
  /// ring.writeInteger(UInt16(258), byteOrder: .little)  // 2, 1
  /// ```
  ///
  /// - Complexity: amortised O(1).
  @inlinable
  public mutating func writeInteger<Value: FixedWidthInteger & BitwiseCopyable>(
    _ value: Value, byteOrder: ByteOrder = .big
  ) {
    let size = MemoryLayout<Value>.size
    if size > freeCapacity { grow(toFit: size) }
    let ordered = byteOrder == .big ? value.bigEndian : value.littleEndian
    let tail = (head &+ filled) & (allocated &- 1)
    guard size <= allocated &- tail else {
      unsafe withUnsafeBytes(of: ordered) { unsafe write(copying: $0) }
      return
    }
    unsafe storage.unsafelyUnwrapped.storeBytes(of: ordered, toByteOffset: tail, as: Value.self)
    filled &+= size
    policy.noteWrite()
  }

  /// Takes an integer from the front of the ring.
  ///
  /// - Parameters:
  ///   - type: The type of the integer, which gives the number of bytes.
  ///   - byteOrder: The order in which its bytes lie.
  /// - Returns: The integer, or nil when it is not whole; nothing is taken then.
  /// - Complexity: amortised O(1).
  @inlinable
  public mutating func readInteger<Value: FixedWidthInteger & BitwiseCopyable>(
    as type: Value.Type = Value.self, byteOrder: ByteOrder = .big
  ) -> Value? {
    guard let value = peekInteger(as: type, byteOrder: byteOrder) else { return nil }
    discard(MemoryLayout<Value>.size)
    return value
  }

  /// The integer that begins `offset` bytes behind the first unread one, left unread.
  ///
  /// A frame of two bytes of length and then that many bytes, taken only when it is whole:
  ///
  /// ```swift
  /// if let length = ring.peekInteger(as: UInt16.self), ring.count >= 2 + Int(length) {
  ///   ring.discard(2)
  ///   print(ring.read(Int(length)))
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - offset: The offset of its first byte from the first unread one.
  ///   - type: The type of the integer, which gives the number of bytes.
  ///   - byteOrder: The order in which its bytes lie.
  /// - Returns: The integer, or nil when it is not whole.
  /// - Precondition: `offset` is not negative.
  @inlinable
  @inline(__always)
  public func peekInteger<Value: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int = 0, as type: Value.Type = Value.self, byteOrder: ByteOrder = .big
  ) -> Value? {
    precondition(offset >= 0, "RingBuffer: an offset cannot be negative")
    let size = MemoryLayout<Value>.size
    guard filled >= size, offset <= filled &- size else { return nil }
    let (first, second) = unsafe readableRegions(offset: offset, length: size)
    var value: Value = 0
    if second.count == 0 {
      value = unsafe first.loadUnaligned(as: Value.self)
    } else {
      unsafe withUnsafeMutableBytes(of: &value) { bytes in
        for index in 0..<first.count { unsafe bytes[index] = first[index] }
        for index in 0..<second.count { unsafe bytes[first.count &+ index] = second[index] }
      }
    }
    return byteOrder == .big ? Value(bigEndian: value) : Value(littleEndian: value)
  }
}
