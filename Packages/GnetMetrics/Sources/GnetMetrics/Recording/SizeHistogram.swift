/// Counts sizes in bytes by powers of four, in a few instructions for any size.
struct SizeHistogram {
  /// The greatest size of each bucket but the last: 16 bytes to 1 MiB.
  static let upperBounds: [UInt64] = (0..<UInt64(bucketCount - 1)).map { 16 << (2 * $0) }

  private static var bucketCount: Int { 10 }

  private(set) var counts = InlineArray<10, UInt64>(repeating: 0)
  private(set) var sum: UInt64 = 0

  /// Counts a size.
  mutating func record(_ size: Int) {
    // The bits of `size - 1`, at least four: 16 is the greatest size of the first bucket, and two more bits are the next.
    let bits = UInt64.bitWidth - (UInt64(truncatingIfNeeded: max(size, 1) - 1) | 15).leadingZeroBitCount
    counts[min((bits - 3) / 2, Self.bucketCount - 1)] &+= 1
    sum &+= UInt64(truncatingIfNeeded: size)
  }
}
