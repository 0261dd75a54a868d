/// A hash table from bytes to values: the keyspace, sets, hashes, and the members of sorted sets.
///
/// The entries lie side by side in the order of their insertion; the last one fills the gap of a removed one. Chains of
/// positions lead to them. Hence a lookup needs no copy of the key, a random entry costs O(1), and the table can be
/// scanned while it changes (see `scan`). A few entries are searched one by one, without chains.
struct ByteTable<Value> {
  struct Entry {
    let key: [UInt8]
    let hash: Int
    /// The next position of the chain; -1 at its end.
    fileprivate(set) var next: Int32
    var value: Value
  }

  private(set) var entries: [Entry] = []
  /// The first position of each bucket's chain; empty for few entries. The count is a power of two.
  private(set) var heads: [Int32] = []

  private static var chainless: Int { 8 }

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }

  /// The position of a key, valid until the next insertion or removal.
  func place(of key: borrowing Key) -> Int? { place(of: key.bytes, hash: key.hash) }

  func place(of key: Bytes, hash: Int) -> Int? {
    if heads.isEmpty {
      return entries.firstIndex { $0.hash == hash && key.equals($0.key) }
    }
    var place = heads[hash & (heads.count &- 1)]
    while place >= 0 {
      if entries[Int(place)].hash == hash, key.equals(entries[Int(place)].key) { return Int(place) }
      place = entries[Int(place)].next
    }
    return nil
  }

  /// The value at a position.
  subscript(place: Int) -> Value {
    get { entries[place].value }
    _modify { yield &entries[place].value }
  }

  /// Adds a key that is not in the table. Returns its position, which is the last.
  @discardableResult
  mutating func insert(_ key: [UInt8], hash: Int, _ value: Value) -> Int {
    let place = entries.count
    entries.append(Entry(key: key, hash: hash, next: -1, value: value))
    if entries.count > max(heads.count, Self.chainless) {
      relink(buckets: max(heads.count, Self.chainless) * 2)
    } else if !heads.isEmpty {
      link(place)
    }
    return place
  }

  /// Removes the entries of the keys among the arguments from an index on. Returns their number.
  mutating func remove(_ arguments: Arguments, from first: Int) -> Int {
    let before = entries.count
    for index in first..<arguments.count {
      if let place = place(of: Key(arguments[index])) { remove(at: place) }
    }
    return before - entries.count
  }

  /// Removes the entry at a position. The last entry takes its place.
  @discardableResult
  mutating func remove(at place: Int) -> Entry {
    let last = entries.count - 1
    if !heads.isEmpty {
      replace(place, by: entries[place].next)
      if place != last { replace(last, by: Int32(place)) }
    }
    entries.swapAt(place, last)
    let removed = entries.removeLast()
    giveBack()
    return removed
  }

  /// Redirects the link that leads to a position.
  private mutating func replace(_ place: Int, by other: Int32) {
    let bucket = entries[place].hash & (heads.count &- 1)
    if heads[bucket] == place {
      heads[bucket] = other
      return
    }
    var before = Int(heads[bucket])
    while entries[before].next != place { before = Int(entries[before].next) }
    entries[before].next = other
  }

  private mutating func link(_ place: Int) {
    let bucket = entries[place].hash & (heads.count &- 1)
    entries[place].next = heads[bucket]
    heads[bucket] = Int32(place)
  }

  private mutating func relink(buckets: Int) {
    heads = [Int32](repeating: -1, count: buckets)
    for place in entries.indices { link(place) }
  }

  /// Halves storage that is four times too large: a past burst keeps no memory.
  private mutating func giveBack() {
    guard !heads.isEmpty, entries.count * 8 < heads.count else { return }
    if entries.count <= Self.chainless {
      heads = []
    } else {
      relink(buckets: heads.count / 4)
    }
    // A copy has no more capacity than its count.
    var smaller: [Entry] = []
    smaller.reserveCapacity(entries.count * 2)
    smaller.append(contentsOf: entries)
    entries = smaller
  }
}

extension ByteTable: Sendable where Value: Sendable {}
extension ByteTable.Entry: Sendable where Value: Sendable {}

extension ByteTable {
  /// Visits the entries of one bucket. Returns the cursor of the next bucket, 0 behind the last.
  ///
  /// An entry that exists from the first call to the last is visited at least once, even if the number of buckets
  /// changes in between: the cursor counts from its highest bit downwards, so the buckets that a visited one splits
  /// into or is joined from are on the same side of it.
  ///
  /// Source: the cursor of P. Noordhuis for the command SCAN, as its documentation describes it.
  func scan(_ cursor: UInt, _ visit: (Entry) -> Void) -> UInt {
    guard !heads.isEmpty else {
      entries.forEach(visit)
      return 0
    }
    let mask = UInt(heads.count - 1)
    var place = heads[Int(cursor & mask)]
    while place >= 0 {
      visit(entries[Int(place)])
      place = entries[Int(place)].next
    }
    return ((cursor | ~mask).bitReversed &+ 1).bitReversed
  }
}

extension UInt {
  fileprivate var bitReversed: UInt {
    var value = byteSwapped
    value = (value & 0x0F0F_0F0F_0F0F_0F0F) << 4 | (value >> 4) & 0x0F0F_0F0F_0F0F_0F0F
    value = (value & 0x3333_3333_3333_3333) << 2 | (value >> 2) & 0x3333_3333_3333_3333
    return (value & 0x5555_5555_5555_5555) << 1 | (value >> 1) & 0x5555_5555_5555_5555
  }
}
