/// Decides how large the storage of a ring should be, and when it should change.
///
/// Growing is immediate: the smallest power of two that holds what is asked for, so a full ring doubles.
///
/// Shrinking is slow on purpose. The policy counts turns, a turn being a change from writing to reading. When 32
/// turns in a row have found at most a quarter of the capacity in use, the storage shrinks to twice the highest
/// count among them, rounded up. Turns, and not reads, because the tail of one burst that is read in many small
/// pieces is no quiet time; and not bytes, because a trickle would hold a large allocation for ever, and a few
/// large pieces would be too few to judge by. The ring need not run empty for it.
///
/// A quarter against a half is the hysteresis. After shrinking, the load that was observed fills at most half
/// of the storage, and must more than double before it grows again; after growing, the ring is more than half
/// full, and must fall by half before it can shrink. So the bytes that a reallocation moves are always paid for
/// by a proportional number of bytes written or read since the one before: amortised O(1) per byte, by the
/// potential argument for dynamic tables (Cormen, Leiserson, Rivest and Stein, Introduction to Algorithms,
/// section 17.4 of the third edition).
@usableFromInline
struct CapacityPolicy {
  /// The smallest allocation, in bytes: one cache line, below which the allocator's own overhead dominates.
  static var smallestCapacity: Int { 1 << Int(smallestExponent) }

  private static var smallestExponent: UInt8 { 6 }

  /// The largest power of two that an `Int` holds, in bytes.
  static let largestCapacity = 1 << (Int.bitWidth - 2)

  /// The number of quiet turns in a row after which the storage shrinks.
  @usableFromInline static let turnsBeforeShrinking: UInt8 = 32

  /// The number of quiet turns in a row so far.
  @usableFromInline var quietTurns: UInt8 = 0

  /// The base-2 logarithm of the floor.
  @usableFromInline var floorExponent = Self.smallestExponent

  /// The base-2 logarithm of the highest count that the quiet turns have found, rounded up.
  @usableFromInline var peakExponent: UInt8 = 0

  /// Whether bytes have been written since the last read, so that the next read begins a turn.
  @usableFromInline var isRising = false

  init() {}
}

// MARK: - Growing

extension CapacityPolicy {
  /// The capacity below which the storage never shrinks by itself, in bytes.
  var floor: Int { 1 << Int(floorExponent) }

  /// Raises the floor so that it holds `count` bytes.
  mutating func raiseFloor(toHold count: Int) {
    guard count > floor else { return }
    floorExponent = UInt8(Self.smallestCapacity(toHold: count).trailingZeroBitCount)
  }

  /// Forgets the floor.
  mutating func dropFloor() {
    floorExponent = Self.smallestExponent
  }

  /// The capacity to grow to so that `count` bytes fit and the floor holds.
  func grownCapacity(toHold count: Int) -> Int {
    max(Self.smallestCapacity(toHold: count), floor)
  }

  /// The smallest capacity that is allocated for `count` bytes.
  ///
  /// - Precondition: `count` is not negative and not beyond `largestCapacity`.
  static func smallestCapacity(toHold count: Int) -> Int {
    precondition(count <= largestCapacity, "RingBuffer: the capacity asked for is too large")
    return max(smallestCapacity, 1 << Int(exponent(covering: count)))
  }

  /// The base-2 logarithm of the smallest power of two that is not less than `count`.
  @inlinable
  static func exponent(covering count: Int) -> UInt8 {
    count <= 1 ? 0 : UInt8(truncatingIfNeeded: Int.bitWidth &- (count &- 1).leadingZeroBitCount)
  }
}

// MARK: - Shrinking

extension CapacityPolicy {
  /// Notes that bytes were written.
  ///
  /// Between two reads the count only rises, so the read that follows sees its peak: writing costs one store.
  @inlinable
  mutating func noteWrite() {
    isRising = true
  }

  /// Notes that some of `count` bytes are being read, and returns whether it is time to shrink.
  @inlinable
  mutating func noteRead(of count: Int, capacity: Int) -> Bool {
    // At the floor there is nothing to find out. Storage and floor are powers of two, except that there may be none.
    guard isRising, capacity &>> Int(floorExponent) > 1 else { return false }
    isRising = false
    guard count <= capacity &>> 2 else {
      beginWatch()
      return false
    }
    quietTurns &+= 1
    peakExponent = max(peakExponent, Self.exponent(covering: count))
    return quietTurns >= Self.turnsBeforeShrinking
  }

  /// Starts counting quiet turns anew.
  @inlinable
  mutating func beginWatch() {
    quietTurns = 0
    peakExponent = 0
  }

  /// The capacity that the quiet turns ask for: `capacity` itself, or less.
  func settledCapacity(from capacity: Int) -> Int {
    min(capacity, max(2 << Int(peakExponent), floor))
  }
}
