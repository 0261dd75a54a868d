/// Counts times in nanoseconds, by bounds that are round in milliseconds.
///
/// Recording searches the bounds one by one, which suits a few times a second.
struct LatenessHistogram {
  /// The greatest time of each bucket but the last: 50 microseconds to a second.
  static let upperBounds: [UInt64] = [
    50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
    100_000_000, 250_000_000, 1_000_000_000,
  ]

  private(set) var counts = InlineArray<14, UInt64>(repeating: 0)
  private(set) var sum: UInt64 = 0

  /// Counts a time.
  mutating func record(_ nanoseconds: UInt64) {
    counts[Self.upperBounds.firstIndex { nanoseconds <= $0 } ?? Self.upperBounds.count] &+= 1
    sum &+= nanoseconds
  }
}
