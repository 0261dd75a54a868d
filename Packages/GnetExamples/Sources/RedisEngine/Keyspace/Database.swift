/// One shard's part of a database: keys, their values, and when they expire.
///
/// A key that has expired is gone for whoever looks for it, whether or not the sweep has been here.
struct Database {
  struct Item {
    var value: Value
    /// In milliseconds since 1970; `never` if the key stays.
    var deadline: Int
  }

  /// The deadline of keys that stay.
  static let never = Int.max

  private(set) var table = ByteTable<Item>()
  /// How many keys have a deadline.
  private(set) var expiringCount = 0
  /// Where the sweep goes on.
  private var sweepPlace = 0

  /// Where a key is; good until the next insertion or removal.
  mutating func find(_ key: borrowing Key) -> Int? {
    guard let place = table.place(of: key) else { return nil }
    guard hasExpired(place) else { return place }
    remove(at: place)
    return nil
  }

  subscript(place: Int) -> Value { table[place].value }

  func deadline(at place: Int) -> Int { table[place].deadline }

  mutating func setDeadline(_ deadline: Int, at place: Int) {
    expiringCount += (deadline == Self.never ? 0 : 1) - (table[place].deadline == Self.never ? 0 : 1)
    table[place].deadline = deadline
  }

  mutating func remove(at place: Int) {
    if table[place].deadline != Self.never { expiringCount -= 1 }
    table.remove(at: place)
  }

  private func hasExpired(_ place: Int) -> Bool {
    let deadline = table.entries[place].value.deadline
    return deadline != Self.never && deadline <= Clock.milliseconds
  }
}

// Values of one type.
extension Database {
  /// Calls `body` with the string at a key; `false` if there is none.
  @inline(__always)
  mutating func withString(_ key: borrowing Key, _ body: (Bytes) -> Void) throws(ReplyError) -> Bool {
    guard let place = find(key) else { return false }
    try withString(at: place, body)
    return true
  }

  /// What `body` makes of the string at a place; nothing of it is kept, so that it can be changed where it is.
  @inline(__always)
  func withString<R>(at place: Int, _ body: (Bytes) -> R) throws(ReplyError) -> R {
    guard case .string(let bytes) = table.entries[place].value.value else { throw .wrongType }
    return body(bytes.span)
  }

  /// The collection at a key, if there is one.
  mutating func collection<C: CollectionValue>(
    _ key: borrowing Key, of type: C.Type = C.self
  ) throws(ReplyError) -> C? {
    guard let place = find(key) else { return nil }
    guard let collection = C.unwrap(table.entries[place].value.value) else { throw .wrongType }
    return collection
  }

  /// The collection at a key, which is made if there is none; something must be put into it.
  mutating func collectionToAddTo<C: CollectionValue>(
    _ key: borrowing Key, of type: C.Type = C.self
  ) throws(ReplyError) -> C {
    if let existing = try collection(key, of: C.self) { return existing }
    let made = C()
    insert(key, made.wrapped)
    return made
  }

  /// Removes the key if what it holds has become empty.
  mutating func removeIfEmpty(_ collection: some CollectionValue, _ key: borrowing Key) {
    if collection.isEmpty, let place = table.place(of: key) { remove(at: place) }
  }

  /// Sets a key to a string, whatever it held. Where that was a string, its memory is used again if it fits.
  mutating func setString(_ key: borrowing Key, _ bytes: Bytes, deadline: Int = never) {
    guard let place = table.place(of: key) else {
      insert(key, .string(bytes.array), deadline: deadline)
      return
    }
    changeString(at: place) { string in
      if string.capacity >= bytes.count && string.capacity <= bytes.count * 2 + 64 {
        string.removeAll(keepingCapacity: true)
        unsafe bytes.withUnsafeBufferPointer { unsafe string.append(contentsOf: $0) }
      } else {
        string = bytes.array
      }
    }
    if table[place].deadline != deadline { setDeadline(deadline, at: place) }
  }

  /// Changes the string at a place where it is, without a copy; another type's value counts as empty.
  mutating func changeString(at place: Int, _ body: (inout [UInt8]) -> Void) {
    var string: [UInt8] = []
    // The table's reference goes before the change, so that this one is the only one.
    if case .string(let found) = table[place].value { string = found }
    table[place].value = .string([])
    body(&string)
    table[place].value = .string(string)
  }

  @discardableResult
  mutating func insert(_ key: borrowing Key, _ value: Value, deadline: Int = never) -> Int {
    if deadline != Self.never { expiringCount += 1 }
    return table.insert(key.bytes.array, hash: key.hash, Item(value: value, deadline: deadline))
  }
}

// All keys.
extension Database {
  /// How many keys there are, those that have expired and were not met yet included, as the real one counts.
  var count: Int { table.count }

  /// Visits all keys that have not expired.
  func forEachKey(_ visit: ([UInt8], Value) -> Void) {
    let now = Clock.milliseconds
    for entry in table.entries where entry.value.deadline > now { visit(entry.key, entry.value.value) }
  }

  /// Visits one bucket's keys that have not expired; see `ByteTable.scan`.
  func scan(_ cursor: UInt, _ visit: ([UInt8], Value) -> Void) -> UInt {
    let now = Clock.milliseconds
    return table.scan(cursor) { if $0.value.deadline > now { visit($0.key, $0.value.value) } }
  }

  /// Looks at up to `limit` keys, going on where it left off, and removes those that have expired.
  ///
  /// - Returns: whether so many of them had that it is worth while to go on at once.
  mutating func sweep(limit: Int, now: Int) -> Bool {
    guard expiringCount > 0 else { return false }
    var looked = 0
    var removed = 0
    while looked < limit, looked < table.count {
      if sweepPlace >= table.count { sweepPlace = 0 }
      looked += 1
      if table[sweepPlace].deadline <= now {
        remove(at: sweepPlace)
        removed += 1
        if table.isEmpty { return false }
      } else {
        sweepPlace += 1
      }
    }
    return removed * 4 > looked
  }
}
