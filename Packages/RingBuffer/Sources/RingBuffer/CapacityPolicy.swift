/// The rules by which the storage of a ring grows and shrinks.
///
/// Growing is immediate: the smallest power of two that holds the bytes, so a full ring doubles.
///
/// Shrinking is slow on purpose. The policy counts turns, a turn being a change from writing to reading. When 32
/// turns in a row have found at most a quarter of the capacity in use, the storage shrinks to twice the highest
/// count among them, rounded up. Turns, and not reads, because the tail of one burst that is read in many small
/// pieces is no quiet time; and not bytes, because a trickle would hold a large allocation for ever, and a few
/// large pieces would be too few to judge by. The ring need not run empty for it.
///
/// Remnants cannot wait for turns. A remnant is the rest of a burst, a 64th of the capacity or less, and the ring may
/// never be used again after it. So a remnant makes storage of 64 KiB or more shrink at once. A load whose peak comes
/// back would pay for it each time. Therefore, once the ring has grown to 64 KiB again, remnants are left alone until
/// 32 quiet turns in a row have passed. An empty ring holds no remnant: its owner can free its storage.
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

  @inlinable static var smallestExponent: UInt8 { 6 }

  /// The largest power of two that an `Int` holds, in bytes.
  static let largestCapacity = 1 << (Int.bitWidth - 2)

  /// The number of quiet turns in a row after which the storage shrinks.
  @usableFromInline static let turnsBeforeShrinking: UInt8 = 32

  /// The capacity, in bytes, from which on a remnant makes the storage shrink.
  @inlinable static var largeCapacity: Int { 1 << 16 }

  /// The smallest capacity to which a remnant makes the storage shrink, in bytes: a page.
  private static var remnantCapacity: Int { 1 << 12 }

  /// The base-2 logarithm of the floor.
  @usableFromInline var floorExponent = Self.smallestExponent

  // Neighbours, so that one instruction resets both.
  /// The number of quiet turns in a row so far.
  @usableFromInline var quietTurns: UInt8 = 0

  /// The base-2 logarithm of the highest count that the quiet turns have found, rounded up.
  @usableFromInline var peakExponent: UInt8 = 0

  /// The course of the load so far.
  @usableFromInline var course: Course = []

  /// Facts about the course of a load.
  @usableFromInline
  struct Course: OptionSet {
    @usableFromInline var rawValue: UInt8

    @inlinable
    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Bytes have been written since the last read, so that the next read begins a turn.
    @inlinable static var isRising: Course { Course(rawValue: 1) }

    /// Every read may leave a remnant that makes the storage shrink.
    @inlinable static var isFallingFar: Course { Course(rawValue: 2) }

    /// A remnant has made the storage shrink.
    static var hasLeftRemnant: Course { Course(rawValue: 4) }

    /// The ring has grown large again after that.
    @inlinable static var returnsToPeak: Course { Course(rawValue: 8) }
  }

  @inlinable
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

  /// Notes that the storage grows to `capacity`.
  mutating func noteGrowth(to capacity: Int) {
    if capacity >= Self.largeCapacity, course.contains(.hasLeftRemnant) { course.insert(.returnsToPeak) }
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
  /// Between two reads the count only rises, so the read that follows sees its peak: writing costs one instruction.
  @inlinable
  mutating func noteWrite() {
    course.insert(.isRising)
  }

  /// Notes that a read takes the ring from `count` bytes to `rest`, and returns whether it is time to shrink then.
  @inlinable
  @inline(__always)
  mutating func noteRead(of count: Int, leaving rest: Int, capacity: Int) -> Bool {
    // At the floor there is nothing to find out. Storage and floor are powers of two, except that there may be none.
    guard !course.isDisjoint(with: [.isRising, .isFallingFar]), capacity &>> Int(floorExponent) > 1 else {
      return false
    }
    if course.contains(.isRising) {
      beginFall(from: capacity)
      if count > capacity &>> 2 {
        beginWatch()
      } else {
        quietTurns &+= 1
        peakExponent = max(peakExponent, Self.exponent(covering: count))
        if isTimeToSettle { return true }
      }
    }
    return course.contains(.isFallingFar) && Self.isRemnant(rest, of: capacity)
  }

  /// Notes that bytes are being read after a rise.
  @inlinable
  @inline(__always)
  mutating func beginFall(from capacity: Int) {
    course.subtract([.isRising, .isFallingFar])
    if capacity >= Self.largeCapacity, !course.contains(.returnsToPeak) { course.insert(.isFallingFar) }
  }

  /// Whether `count` bytes are so few that they must not hold storage of `capacity` bytes.
  @inlinable
  @inline(__always)
  static func isRemnant(_ count: Int, of capacity: Int) -> Bool {
    // The storage may have shrunk or been exchanged since the fall began.
    capacity >= largeCapacity && count > 0 && count <= capacity &>> 6
  }

  /// Starts counting quiet turns anew.
  @inlinable
  mutating func beginWatch() {
    quietTurns = 0
    peakExponent = 0
  }

  /// Whether enough quiet turns in a row have passed.
  @inlinable
  var isTimeToSettle: Bool { quietTurns >= Self.turnsBeforeShrinking }

  /// Settles on the capacity that the quiet turns ask for: `capacity` itself, or less.
  mutating func settledCapacity(from capacity: Int) -> Int {
    assert(isTimeToSettle, "settled before its time")
    course.subtract([.hasLeftRemnant, .returnsToPeak])
    return min(capacity, max(2 << Int(peakExponent), floor))
  }

  /// Notes that a remnant of `count` bytes makes the storage shrink, and returns the capacity to shrink to.
  mutating func capacity(forRemnant count: Int) -> Int {
    course.insert(.hasLeftRemnant)
    return max(Self.smallestCapacity(toHold: 2 * count), Self.remnantCapacity, floor)
  }
}
