/// An endless stream of bytes with a period, of which any stretch of up to `reach` bytes lies in one piece.
///
/// Requests are sent from such a stream and replies compared with one, without copying or making any. A position is
/// below the period.
final class Pattern {
  let bytes: UnsafeMutablePointer<UInt8>
  let period: Int
  let reach: Int

  /// Positions that may differ from reply to reply, such as a date in it; what came last is expected next.
  let variable: Range<Int>

  init(repeating unit: [UInt8], reach: Int, variable: Range<Int> = 0..<0) {
    period = unit.count
    self.reach = reach
    self.variable = variable
    bytes = .allocate(capacity: period + reach)
    for i in 0..<(period + reach) { bytes[i] = unit[i % period] }
  }

  deinit { bytes.deallocate() }

  /// Bytes without a structure: a lost, doubled or swapped byte is noticed, and a byte of another connection. The
  /// period is a prime, so that messages of most sizes differ from each other for a long time, and stays in a fast
  /// cache.
  static func noise(reach: Int) -> Pattern { Pattern(repeating: noise(16381), reach: reach) }

  /// `count` bytes without a structure, always the same.
  static func noise(_ count: Int) -> [UInt8] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state >> 32)
    }
  }

  /// The position `count` bytes further.
  @inline(__always)
  func advance(_ position: Int, by count: Int) -> Int {
    let sum = position + count
    return sum < period ? sum : sum % period
  }

  /// The offset of the first byte that differs from the pattern at `position`; `nil` if all are right.
  @inline(__always)
  func mismatch(_ received: UnsafePointer<UInt8>, _ count: Int, at position: Int) -> Int? {
    Platform.areEqual(received, bytes + position, count) ? nil : mismatchBytewise(received, count, at: position)
  }

  private func mismatchBytewise(_ received: UnsafePointer<UInt8>, _ count: Int, at position: Int) -> Int? {
    for i in 0..<count where received[i] != bytes[position + i] {
      let place = (position + i) % period
      if !variable.contains(place) { return i }
      for copy in stride(from: place, to: period + reach, by: period) { bytes[copy] = received[i] }
    }
    return nil
  }
}
