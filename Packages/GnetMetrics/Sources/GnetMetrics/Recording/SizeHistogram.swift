/// Counts sizes in bytes by powers of four: a few instructions per value, whatever the value.
struct SizeHistogram {
  /// The greatest size that each bucket but the last counts: 16 bytes to 1 MiB.
  static let upperBounds: [UInt64] = (0..<UInt64(bucketCount - 1)).map { 16 << (2 * $0) }

  private static var bucketCount: Int { 10 }

  private(set) var counts = InlineArray<10, UInt64>(repeating: 0)
  private(set) var sum: UInt64 = 0

  /// Counts a size.
  mutating func record(_ size: Int) {
    // The bits that `size - 1` needs, at least four: 16 is the last of the first bucket, and every two bits are another.
    let bits = UInt64.bitWidth - (UInt64(truncatingIfNeeded: max(size, 1) - 1) | 15).leadingZeroBitCount
    counts[min((bits - 3) / 2, Self.bucketCount - 1)] &+= 1
    sum &+= UInt64(truncatingIfNeeded: size)
  }
}
