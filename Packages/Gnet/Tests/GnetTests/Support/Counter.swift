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
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ $0 >> 16) }
}
