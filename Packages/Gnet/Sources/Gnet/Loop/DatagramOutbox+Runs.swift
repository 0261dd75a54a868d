internal import CGnet

// Datagrams of one size between the same ends, which leave as one message.
extension cgnet_run {
  /// Takes in one more datagram, if it may leave in one message with the others.
  ///
  /// All but the last are of one size, the last is not larger and not empty. The kernel takes this number of them,
  /// and of bytes, over either version of IP.
  @inline(__always)
  mutating func extend(by byteCount: Int, _ ends: cgnet_ends) -> Bool {
    let size = Int(segment)
    guard byteCount > 0, byteCount <= size, size * Int(count) == byte_count, count < Self.maximumCount,
      byte_count + byteCount <= Self.maximumByteCount, isBetween(ends)
    else { return false }
    count += 1
    byte_count += byteCount
    assert(self.byteCount(of: Int(count) - 1) == byteCount)
    return true
  }

  private func isBetween(_ ends: cgnet_ends) -> Bool {
    unsafe withUnsafePointer(to: self.ends) { own in
      unsafe withUnsafePointer(to: ends) { other in unsafe cgnet_is_same_ends(own, other) }
    }
  }

  /// The bytes of one of its datagrams, counted from 0.
  func byteCount(of index: Int) -> Int {
    assert(0..<Int(count) ~= index)
    return index < Int(count) - 1 ? Int(segment) : byte_count - Int(segment) * (Int(count) - 1)
  }

  /// `UDP_MAX_SEGMENTS` of Linux before 6.9.
  private static let maximumCount = 64
  /// The largest packet of IPv6 without its headers.
  private static let maximumByteCount = 65535 - 48
}
