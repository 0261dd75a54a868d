/// An item of the cache.
struct Item {
  static let (keyLimit, valueLimit) = (250, 1 << 20)

  var value: [UInt8]
  var flags: UInt32 = 0
  /// The moment from which the item is gone, in seconds since 1970.
  var expiry = Double.infinity
  /// A number that changes with every change of the item.
  var version: UInt64 = 0
}

/// The items of a cache of limited size.
///
/// Items are young or old. Items that are set or read are young. When the young items fill half of the memory, the old
/// ones are dropped and the young ones become old. So items that were not used for long go first, in O(1) for each.
struct Items {
  let limit: Int
  /// The present moment, in seconds since 1970.
  let now: @Sendable () -> Double
  private var young: [[UInt8]: Item] = [:]
  private var old: [[UInt8]: Item] = [:]
  private var youngSize = 0
  private var oldSize = 0
  private var lastVersion: UInt64 = 0
  private(set) var evictionCount = 0
  private(set) var getCount = 0
  private(set) var hitCount = 0
  private(set) var setCount = 0

  init(limit: Int, now: @escaping @Sendable () -> Double) {
    self.limit = limit
    self.now = now
  }

  var count: Int { young.count + old.count }
  /// The bytes that the items take.
  var size: Int { youngSize + oldSize }

  /// The moment that a time of the protocol means: seconds from now up to thirty days, and seconds since 1970 above.
  func expiry(_ time: Int) -> Double {
    time == 0 ? .infinity : time < 0 ? 0 : time <= 30 * 86_400 ? now() + Double(time) : Double(time)
  }

  // MARK: Commands

  mutating func get(_ key: [UInt8]) -> Item? {
    let item = self[key]
    getCount += 1
    if item != nil { hitCount += 1 }
    return item
  }

  /// Stores an item under the condition of a command, and returns the reply.
  mutating func store(_ item: Item, _ command: String, _ key: [UInt8], ifVersion version: UInt64) -> String {
    setCount += 1
    var item = item
    switch (command, self[key]) {
    case ("set", _), ("add", nil), ("replace", _?): break
    case ("append", let current?): item = Item(value: current.value + item.value, current)
    case ("prepend", let current?): item = Item(value: item.value + current.value, current)
    case ("cas", nil): return "NOT_FOUND"
    case ("cas", let current?): if current.version != version { return "EXISTS" }
    default: return "NOT_STORED"
    }
    if item.value.count > Item.valueLimit { return "NOT_STORED" }
    self[key] = item
    return "STORED"
  }

  /// Changes an item that is a decimal number, and returns the reply.
  mutating func add(_ delta: UInt64, to key: [UInt8], isNegative: Bool) -> String {
    guard let item = self[key] else { return "NOT_FOUND" }
    guard let number = UInt64(String(decoding: item.value, as: UTF8.self)) else {
      return "CLIENT_ERROR cannot increment or decrement non-numeric value"
    }
    let sum = isNegative ? number - min(number, delta) : number &+ delta
    self[key] = Item(value: Array("\(sum)".utf8), item)
    return "\(sum)"
  }

  mutating func touch(_ key: [UInt8], _ expiry: Double) -> Bool {
    if self[key] == nil { return false }
    young[key]?.expiry = expiry
    return true
  }

  mutating func remove(_ key: [UInt8]) -> Bool {
    defer { self[key] = nil }
    return self[key] != nil
  }

  mutating func removeAll() { (young, old, youngSize, oldSize) = ([:], [:], 0, 0) }

  // MARK: The tables

  /// The item of a key, unless it has expired. An item that is set gets a new version.
  subscript(key: [UInt8]) -> Item? {
    mutating get {
      if young[key] == nil, let item = take(key) { insert(item, key) }
      guard let item = young[key] else { return nil }
      if item.expiry > now() { return item }
      _ = take(key)
      return nil
    }
    set {
      _ = take(key)
      guard var item = newValue else { return }
      lastVersion += 1
      item.version = lastVersion
      insert(item, key)
    }
  }

  private mutating func insert(_ item: Item, _ key: [UInt8]) {
    if youngSize + Self.size(of: item, key) > limit / 2 {
      evictionCount += old.count
      (old, oldSize) = (young, youngSize)
      (young, youngSize) = ([:], 0)
    }
    young[key] = item
    youngSize += Self.size(of: item, key)
  }

  private mutating func take(_ key: [UInt8]) -> Item? {
    if let item = young.removeValue(forKey: key) {
      youngSize -= Self.size(of: item, key)
      return item
    }
    let item = old.removeValue(forKey: key)
    if let item { oldSize -= Self.size(of: item, key) }
    return item
  }

  /// The bytes of an item, with what the tables take for it.
  private static func size(of item: Item, _ key: [UInt8]) -> Int { key.count + item.value.count + 192 }
}

extension Item {
  /// An item with the flags and the expiry of another.
  init(value: [UInt8], _ other: Item) { self.init(value: value, flags: other.flags, expiry: other.expiry) }
}
