import Synchronization

/// A number that callbacks raise and a test looks at.
final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .acquiring) }

  /// Adds to it, and returns what it was before.
  @discardableResult
  func increment(by difference: Int = 1) -> Int { count.add(difference, ordering: .acquiringAndReleasing).oldValue }
}

/// Bytes of which no two neighbourhoods look alike.
func pattern(_ count: Int) -> [UInt8] {
  unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
    for index in 0..<count { unsafe bytes[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8 &+ index >> 16) }
    filled = count
  }
}
