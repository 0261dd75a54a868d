/// Deadlines of many connections of about the same length: setting, moving and dropping one is O(1).
///
/// A hashed timing wheel: a circle of buckets, each a list of the ids that are due in one slice of time. A
/// deadline comes up to one slice late and never early; one beyond the circle's end goes round again.
///
/// Source: G. Varghese, T. Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme 6.
struct TimerWheel {
  private static let bucketCount = 256
  private static let none = UInt32.max

  private struct Entry {
    /// The slice in which it is due.
    var due: Int64
    /// The bucket that it is in; `TimerWheel.none` for none.
    var bucket: UInt32
    var previous: UInt32
    var next: UInt32
    static let idle = Entry(due: 0, bucket: none, previous: none, next: none)
  }

  private let slice: Int64
  private var heads = [UInt32](repeating: none, count: bucketCount)
  /// One bit per bucket that is not empty.
  private var occupied: InlineArray<4, UInt64> = [0, 0, 0, 0]
  private var entries: [Entry] = []
  /// The first slice that has not been expired.
  private var cursor: Int64

  /// - Parameters:
  ///   - length: the usual distance of a deadline; it determines the size of a slice, a hundredth of it.
  ///   - now: the present.
  init(length: Duration, now: MonotonicTime) {
    slice = max(1_000_000, length.saturatedNanoseconds / 100)
    cursor = now.nanoseconds / slice
  }

  /// Sets or moves the deadline of `id`.
  mutating func schedule(_ id: UInt32, at deadline: MonotonicTime) {
    cancel(id)
    while entries.count <= id { entries.append(.idle) }
    insert(id, due: deadline.nanoseconds / slice + 1)  // the end of its slice: never early
  }

  private mutating func insert(_ id: UInt32, due: Int64) {
    let last = cursor + Int64(Self.bucketCount) - 1
    let bucket = Int(min(max(due, cursor), last) % Int64(Self.bucketCount))
    entries[Int(id)] = Entry(due: due, bucket: UInt32(bucket), previous: Self.none, next: heads[bucket])
    if heads[bucket] != Self.none { entries[Int(heads[bucket])].previous = id }
    heads[bucket] = id
    occupied[bucket / 64] |= 1 << UInt64(bucket % 64)
  }

  /// Drops the deadline of `id`, if it has one.
  mutating func cancel(_ id: UInt32) {
    guard id < entries.count, entries[Int(id)].bucket != Self.none else { return }
    let entry = entries[Int(id)]
    let bucket = Int(entry.bucket)
    if entry.previous == Self.none {
      heads[bucket] = entry.next
    } else {
      entries[Int(entry.previous)].next = entry.next
    }
    if entry.next != Self.none { entries[Int(entry.next)].previous = entry.previous }
    if heads[bucket] == Self.none { occupied[bucket / 64] &= ~(1 << UInt64(bucket % 64)) }
    entries[Int(id)] = .idle
  }

  /// When ``expire(until:)`` has something to do next, no later than the next deadline and its slice; `nil` with
  /// no deadlines.
  var nextExpiry: MonotonicTime? {
    distanceToNext.map { MonotonicTime(nanoseconds: (cursor + Int64($0)) * slice) }
  }

  /// Takes an id whose slice has come by `now`; `nil` when there are no more.
  mutating func expire(until now: MonotonicTime) -> UInt32? {
    let present = now.nanoseconds / slice
    while let distance = distanceToNext, cursor + Int64(distance) <= present {
      cursor += Int64(distance)
      let id = heads[Int(cursor % Int64(Self.bucketCount))]
      let due = entries[Int(id)].due
      cancel(id)
      if due <= present { return id }
      insert(id, due: due)
    }
    cursor = max(cursor, present)
    return nil
  }

  /// How many slices from the cursor the first bucket is that is not empty.
  private var distanceToNext: Int? {
    var distance = 0
    while distance < Self.bucketCount {
      let bucket = Int((cursor + Int64(distance)) % Int64(Self.bucketCount))
      let rest = occupied[bucket / 64] >> UInt64(bucket % 64)
      if rest != 0 { return distance + rest.trailingZeroBitCount }
      distance += 64 - bucket % 64
    }
    return nil
  }
}
