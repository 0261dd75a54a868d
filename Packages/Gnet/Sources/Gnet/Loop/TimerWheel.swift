internal import Poller

/// A circle of buckets, each the first timer of a list, for the timers of one magnitude of distance.
///
/// The bucket of a slice is its number modulo the number of buckets.
struct TimerWheel {
  /// A bucket of one of the wheels.
  struct Place {
    private let packed: UInt32

    private init(packed: UInt32) { self.packed = packed }

    init(magnitude: Int, slice: Int64) { packed = UInt32(magnitude * bucketCount + TimerWheel.bucket(slice)) }

    /// No bucket.
    static var none: Place { Place(packed: .max) }
    var isNone: Bool { packed == .max }

    var magnitude: Int { Int(packed) / bucketCount }
    fileprivate var bucket: Int { Int(packed) % bucketCount }
  }

  private static var bucketCount: Int { 4096 }
  private static var wordCount: Int { bucketCount / 64 }

  /// The first timer of each bucket; empty until the wheel is first used.
  private var heads: [UInt32] = []
  /// The buckets that are not empty, a bit each, and the words of them that are not zero.
  private var occupied: [UInt64] = []
  private var occupiedWords: UInt64 = 0
  /// The first slice that has not been left behind.
  private var cursor: Int64 = 0

  // MARK: Time

  /// A slice of magnitude 0 is half a millisecond.
  private static let shift: Int64 = 19

  private static func shift(_ magnitude: Int) -> Int64 { shift + 2 * Int64(magnitude) }

  /// The magnitude of a distance in nanoseconds: a slice is at most a thousandth of it, from two seconds on.
  static func magnitude(of distance: Int64) -> Int {
    let slices = max(0, distance) >> shift / 1000
    // The greatest m with 4^m <= slices; 0 for less than one slice.
    return (63 - (slices | 1).leadingZeroBitCount) / 2
  }

  /// The slice that a moment lies in.
  static func slice(of moment: Poller.Instant, _ magnitude: Int) -> Int64 { moment.nanoseconds &>> shift(magnitude) }

  /// The slice for a deadline: the first that begins with it or later, and that has not been left behind.
  func slice(for deadline: Poller.Instant, _ magnitude: Int) -> Int64 {
    // The slice behind that of the moment before the deadline.
    max(cursor, (deadline.nanoseconds - 1) &>> Self.shift(magnitude) + 1)
  }

  /// The beginning of a slice.
  static func start(of slice: Int64, _ magnitude: Int) -> Poller.Instant {
    let start = slice &<< shift(magnitude)
    return start &>> shift(magnitude) == slice ? Poller.Instant(nanoseconds: start) : .never
  }

  // MARK: Buckets

  fileprivate static func bucket(_ slice: Int64) -> Int { Int(truncatingIfNeeded: slice) & (bucketCount - 1) }

  /// Leaves the slices before the present one behind, as far as they have no timers.
  mutating func catchUp(with present: Int64) {
    if heads.isEmpty {
      heads = Array(repeating: .max, count: Self.bucketCount)
      occupied = Array(repeating: 0, count: Self.wordCount)
    }
    let first = firstSlice
    cursor = first.map { max(cursor, min($0, present)) } ?? present
    assert(firstSlice == first, "timers were left behind")
  }

  /// Whether the circle reaches as far as a slice.
  func reaches(_ slice: Int64) -> Bool { slice - cursor < Int64(Self.bucketCount) }

  /// The first timer of the bucket of a slice.
  func head(_ slice: Int64) -> UInt32 { heads[Self.bucket(slice)] }

  /// Puts a timer at the front of the bucket of a slice, and returns the timer that was the first.
  mutating func push(_ index: UInt32, _ slice: Int64) -> UInt32 {
    assert(slice >= cursor && reaches(slice) && heads.count == Self.bucketCount)
    let bucket = Self.bucket(slice)
    occupied[bucket / 64] |= 1 &<< UInt64(bucket % 64)
    occupiedWords |= 1 &<< UInt64(bucket / 64)
    let head = heads[bucket]
    heads[bucket] = index
    assert(firstSlice.map { $0 <= slice } ?? false)
    return head
  }

  /// Makes another timer the first of a bucket, or none. Returns whether the wheel has no timers any more.
  mutating func replaceHead(by index: UInt32, _ place: Place) -> Bool {
    let bucket = place.bucket
    assert(heads[bucket] != .max && isOccupied(bucket))
    heads[bucket] = index
    if index != .max { return false }
    occupied[bucket / 64] &= ~(1 &<< UInt64(bucket % 64))
    if occupied[bucket / 64] == 0 { occupiedWords &= ~(1 &<< UInt64(bucket / 64)) }
    assert(!isOccupied(bucket))
    return occupiedWords == 0
  }

  /// Whether a bucket is marked as one that is not empty.
  private func isOccupied(_ bucket: Int) -> Bool {
    let (word, bit) = (bucket / 64, UInt64(bucket % 64))
    return occupied[word] &>> bit & 1 == 1 && occupiedWords &>> UInt64(word) & 1 == 1
  }

  /// Leaves the slices before this one behind.
  mutating func advance(to slice: Int64) {
    assert(slice >= cursor && slice <= firstSlice ?? slice)
    cursor = slice
  }

  /// The beginning of the slice for which a bucket is looked at next.
  func start(ofBucket place: Place) -> Poller.Instant {
    let distance = (place.bucket - Self.bucket(cursor)) & (Self.bucketCount - 1)
    return Self.start(of: cursor + Int64(distance), place.magnitude)
  }

  /// The first slice from the cursor on whose bucket is not empty.
  var firstSlice: Int64? {
    if occupiedWords == 0 { return nil }
    let start = Self.bucket(cursor)
    let (word, bit) = (start / 64, UInt64(start % 64))
    // The rest of the cursor's own word, then the words behind it, then, round the circle, those before it.
    if let found = Self.lowestBit(occupied[word] >> bit) { return cursor + Int64(found) }
    let ahead = occupiedWords & ~(UInt64.max >> UInt64(63 - word))
    let behind = occupiedWords & (UInt64.max >> UInt64(63 - word))
    guard let next = Self.lowestBit(ahead) ?? Self.lowestBit(behind), let found = Self.lowestBit(occupied[next])
    else {
      assertionFailure("no bucket is occupied, and a word of them is")
      return nil
    }
    let distance = (next * 64 + found - start) & (Self.bucketCount - 1)
    return cursor + Int64(distance)
  }

  private static func lowestBit(_ word: UInt64) -> Int? { word == 0 ? nil : word.trailingZeroBitCount }
}
