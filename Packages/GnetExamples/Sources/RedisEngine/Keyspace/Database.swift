/// A shard's part of a database: keys, their values and their deadlines.
///
/// A key that has expired is never found, whether or not the sweep has removed it.
struct Database {
  struct Item {
    var value: Value
    /// The deadline in milliseconds since 1970; `never` if there is none.
    var deadline: Int
  }

  /// The deadline of keys without one.
  static let never = Int.max

  private(set) var table = ByteTable<Item>()
  /// The number of keys with a deadline.
  private(set) var expiringCount = 0
  /// The cursor of the sweep.
  private var sweepPlace = 0
  /// The watchers of keys, whether or not the keys are there.
  private var watchers = ByteTable<[Watcher]>()
  /// The number of keys that have expired so far.
  private(set) var expiredCount = 0

  /// The position of a key, valid until the next insertion or removal.
  mutating func find(_ key: borrowing Key) -> Int? {
    guard let place = table.place(of: key) else { return nil }
    guard hasExpired(place) else { return place }
    removeExpired(at: place)
    return nil
  }

  subscript(place: Int) -> Value { table[place].value }

  func deadline(at place: Int) -> Int { table[place].deadline }

  mutating func setDeadline(_ deadline: Int, at place: Int) {
    noteChange(at: place)
    expiringCount += (deadline == Self.never ? 0 : 1) - (table[place].deadline == Self.never ? 0 : 1)
    table[place].deadline = deadline
  }

  mutating func remove(at place: Int) {
    noteChange(at: place)
    if table[place].deadline != Self.never { expiringCount -= 1 }
    table.remove(at: place)
  }

  private mutating func removeExpired(at place: Int) {
    expiredCount += 1
    remove(at: place)
  }

  private func hasExpired(_ place: Int) -> Bool {
    let deadline = table.entries[place].value.deadline
    return deadline != Self.never && deadline <= Clock.milliseconds
  }
}

// Watched keys.
extension Database {
  /// Tells the watchers of a key that its value or its deadline has changed; to be called by commands that change a
  /// collection in place.
  @inline(__always)
  func noteChange(of key: borrowing Key) {
    if !watchers.isEmpty { tellWatchers(of: key) }
  }

  @inline(__always)
  private func noteChange(at place: Int) {
    if !watchers.isEmpty { tellWatchers(at: place) }
  }

  private func tellWatchers(at place: Int) {
    let key = table.entries[place].key
    tellWatchers(of: Key(key.span, hash: table.entries[place].hash))
  }

  private func tellWatchers(of key: borrowing Key) {
    guard let place = watchers.place(of: key) else { return }
    for watcher in watchers[place] { watcher.noteChange() }
  }

  mutating func add(_ watcher: Watcher, of key: borrowing Key) {
    // A key that has expired is removed first, since that is no change for this watcher.
    _ = find(key)
    if let place = watchers.place(of: key) {
      watchers[place].append(watcher)
    } else {
      watchers.insert(key.bytes.array, hash: key.hash, [watcher])
    }
  }

  /// Removes a watcher of a key. If the key has expired meanwhile, the watcher is told before.
  mutating func remove(_ watcher: Watcher, of key: borrowing Key) {
    _ = find(key)
    guard let place = watchers.place(of: key) else { return }
    watchers[place].removeAll { $0 === watcher }
    if watchers[place].isEmpty { watchers.remove(at: place) }
  }

  /// Empties the database, and tells the watchers of the keys that were there. Returns the old contents.
  mutating func takeAll() -> ByteTable<Item> {
    for entry in watchers.entries where table.place(of: entry.key.span, hash: entry.hash) != nil {
      for watcher in entry.value { watcher.noteChange() }
    }
    defer {
      table = ByteTable()
      expiringCount = 0
      sweepPlace = 0
    }
    return table
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

  /// Calls `body` with the string at a position. Nothing keeps a reference to it, so it can be changed in place.
  @inline(__always)
  func withString<R>(at place: Int, _ body: (Bytes) -> R) throws(ReplyError) -> R {
    guard case .string(let bytes) = table.entries[place].value.value else { throw .wrongType }
    return body(bytes.span)
  }

  /// The collection at a key; `nil` if there is none.
  mutating func collection<C: CollectionValue>(
    _ key: borrowing Key, of type: C.Type = C.self
  ) throws(ReplyError) -> C? {
    guard let place = find(key) else { return nil }
    guard let collection = C.unwrap(table.entries[place].value.value) else { throw .wrongType }
    return collection
  }

  /// The collection at a key, created if there is none. The caller must add an element.
  mutating func collectionToAddTo<C: CollectionValue>(
    _ key: borrowing Key, of type: C.Type = C.self
  ) throws(ReplyError) -> C {
    if let existing = try collection(key, of: C.self) { return existing }
    let made = C()
    insert(key, made.wrapped)
    return made
  }

  /// Removes elements of the collection at a key, by `remove`. Returns their number.
  mutating func removeElements<C: CollectionValue>(
    of key: borrowing Key, _ remove: (C) -> Int
  ) throws(ReplyError) -> Int {
    guard let collection: C = try collection(key) else { return 0 }
    let count = remove(collection)
    if count > 0 { noteChange(of: key) }
    removeIfEmpty(collection, key)
    return count
  }

  /// Removes a key whose collection has become empty.
  mutating func removeIfEmpty(_ collection: some CollectionValue, _ key: borrowing Key) {
    if collection.isEmpty, let place = table.place(of: key) { remove(at: place) }
  }

  /// Sets a key to a string. If the old value was a string, its memory is used again where it fits.
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

  /// Changes the string at a position in place. A value of another type counts as empty.
  mutating func changeString(at place: Int, _ body: (inout [UInt8]) -> Void) {
    noteChange(at: place)
    var string: [UInt8] = []
    // The table gives its reference up before the change, so that the string has one reference.
    if case .string(let found) = table[place].value { string = found }
    table[place].value = .string([])
    body(&string)
    table[place].value = .string(string)
  }

  @discardableResult
  mutating func insert(_ key: borrowing Key, _ value: Value, deadline: Int = never) -> Int {
    if deadline != Self.never { expiringCount += 1 }
    noteChange(of: key)
    return table.insert(key.bytes.array, hash: key.hash, Item(value: value, deadline: deadline))
  }
}

// All keys.
extension Database {
  /// The number of keys. As in redis, keys that have expired and were not removed yet count.
  var count: Int { table.count }

  /// Visits all keys that have not expired.
  func forEachKey(_ visit: ([UInt8], Value) -> Void) {
    let now = Clock.milliseconds
    for entry in table.entries where entry.value.deadline > now { visit(entry.key, entry.value.value) }
  }

  /// Visits the keys of one bucket that have not expired; see `ByteTable.scan`.
  func scan(_ cursor: UInt, _ visit: ([UInt8], Value) -> Void) -> UInt {
    let now = Clock.milliseconds
    return table.scan(cursor) { if $0.value.deadline > now { visit($0.key, $0.value.value) } }
  }

  /// Visits up to `limit` keys from the sweep's cursor on, and removes those that have expired.
  ///
  /// - Returns: whether so large a part had expired that another sweep at once is worth its cost.
  mutating func sweep(limit: Int, now: Int) -> Bool {
    guard expiringCount > 0 else { return false }
    var looked = 0
    var removed = 0
    while looked < limit, looked < table.count {
      if sweepPlace >= table.count { sweepPlace = 0 }
      looked += 1
      if table[sweepPlace].deadline <= now {
        removeExpired(at: sweepPlace)
        removed += 1
        if table.isEmpty { return false }
      } else {
        sweepPlace += 1
      }
    }
    return removed * 4 > looked
  }
}
