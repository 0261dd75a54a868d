/// A hash table from bytes to values: the keyspace, sets, hashes, and the members of sorted sets.
///
/// The entries lie side by side in the order in which they came (the last takes the place of one that is removed),
/// and chains of places lead to them. So it is searched by bytes that somebody else owns, without making a key of
/// them; a random entry costs O(1); and it can be scanned while it changes (see `scan`). Few entries are
/// searched one by one, without chains.
struct ByteTable<Value> {
  struct Entry {
    let key: [UInt8]
    let hash: Int
    /// The next place of the chain; -1 at its end.
    fileprivate(set) var next: Int32
    var value: Value
  }

  private(set) var entries: [Entry] = []
  /// Where the chain of each bucket begins; empty for few entries. A power of two.
  private(set) var heads: [Int32] = []

  private static var chainless: Int { 8 }

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }

  /// Where a key is; good until the next insertion or removal.
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

  /// The value at a place.
  subscript(place: Int) -> Value {
    get { entries[place].value }
    _modify { yield &entries[place].value }
  }

  /// Adds a key that is not there, and returns its place, which is the last.
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

  /// Removes the entry at a place, which the last one takes.
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

  /// Makes whatever leads to a place lead elsewhere.
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

  /// Halves what has become four times too large, so that a burst that has passed leaves no memory behind.
  private mutating func giveBack() {
    guard !heads.isEmpty, entries.count * 8 < heads.count else { return }
    if entries.count <= Self.chainless {
      heads = []
    } else {
      relink(buckets: heads.count / 4)
    }
    // A copy has the capacity of its count.
    var smaller: [Entry] = []
    smaller.reserveCapacity(entries.count * 2)
    smaller.append(contentsOf: entries)
    entries = smaller
  }
}

extension ByteTable {
  /// Visits the entries of one bucket, and returns the cursor of the next; 0 when that was the last.
  ///
  /// Entries that are there from the first call to the last are visited at least once, although buckets double and
  /// halve in between: the cursor is counted up from its highest bit downwards, so that the buckets into which
  /// a visited one splits, or from which one is joined, are on the same side of it.
  /// Source: P. Noordhuis's cursor for the SCAN command, as its documentation describes it.
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
