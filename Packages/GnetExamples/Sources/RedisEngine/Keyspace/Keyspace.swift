internal import Synchronization

/// All databases, shared by all loops.
///
/// Keys are dealt by their hashes to shards, each with a lock of its own, so that two loops rarely want the same one.
/// Whoever needs several takes their locks in the order of their numbers: nobody waits in a circle, and
/// what is done under all of them is done at once for everybody else.
final class Keyspace: Sendable {
  static let databaseCount = 16
  /// As many as there are bits in `Shards`.
  static let shardCount = 64

  /// A set of shards.
  typealias Shards = UInt64
  static let allShards = Shards.max

  // Everything but the lock is touched by whoever holds the lock.
  private final class Shard: @unchecked Sendable {
    let lock = Mutex(())
    var databases = [Database](repeating: Database(), count: databaseCount)
    /// Keeps shards that different loops use at the same time off each other's cache line.
    private let padding = InlineArray<8, UInt64>(repeating: 0)
  }

  private let shards = (0..<shardCount).map { _ in Shard() }

  /// The shard that a key with this hash is in.
  static func shard(ofHash hash: Int) -> Int { Int(UInt(bitPattern: hash) >> 58) }

  /// Runs `body` on the part of a database in which a key with this hash is.
  func withDatabase<R, E: Error>(_ number: Int, ofHash hash: Int, _ body: (inout Database) throws(E) -> R) throws(E)
    -> R
  {
    try withDatabase(number, ofShard: Self.shard(ofHash: hash), body)
  }

  /// Runs `body` on one shard's part of a database.
  func withDatabase<R, E: Error>(_ number: Int, ofShard shard: Int, _ body: (inout Database) throws(E) -> R) throws(E)
    -> R
  {
    try withShard(shard) { (shard) throws(E) in try body(&shard.databases[number]) }
  }

  /// Runs `body` with the lock of one shard held.
  @inline(__always)
  private func withShard<R, E: Error>(_ number: Int, _ body: (Shard) throws(E) -> R) throws(E) -> R {
    let shard = shards[number]
    shard.lock._unsafeLock()
    defer { shard.lock._unsafeUnlock() }
    return try body(shard)
  }

  /// Runs `body` with the locks of several shards held; it reaches the databases by `locked`.
  func withShards(_ wanted: Shards, _ body: (Locked) -> Void) {
    var rest = wanted
    while rest != 0 {
      shards[rest.trailingZeroBitCount].lock._unsafeLock()
      rest &= rest &- 1
    }
    defer {
      var rest = wanted
      while rest != 0 {
        shards[rest.trailingZeroBitCount].lock._unsafeUnlock()
        rest &= rest &- 1
      }
    }
    body(Locked(keyspace: self, shards: wanted))
  }

  /// Databases whose locks are held; good for the length of the body that it is lent to.
  struct Locked {
    fileprivate let keyspace: Keyspace
    fileprivate let shards: Shards

    /// Runs `body` on the part of a database in which a key is.
    func withDatabase<R>(_ number: Int, of key: borrowing Key, _ body: (inout Database) -> R) -> R {
      let shard = Keyspace.shard(ofHash: key.hash)
      assert(shards & 1 << shard != 0, "a shard whose lock is not held")
      return body(&keyspace.shards[shard].databases[number])
    }

    /// Runs `body` on each shard's part of a database.
    func forEachPart(of number: Int, _ body: (inout Database) -> Void) {
      for shard in keyspace.shards.indices where shards & 1 << shard != 0 {
        body(&keyspace.shards[shard].databases[number])
      }
    }
  }
}

extension Keyspace {
  /// The number of keys in a database, and of those that have a deadline.
  func counts(of number: Int) -> (keys: Int, expiring: Int) {
    var keys = 0
    var expiring = 0
    withShards(Self.allShards) { locked in
      locked.forEachPart(of: number) {
        keys += $0.count
        expiring += $0.expiringCount
      }
    }
    return (keys, expiring)
  }

  /// Empties databases, at one moment for everybody. What they held is freed when no lock is held any more.
  func removeAll(from numbers: Range<Int>) {
    var removed: [Database] = []
    withShards(Self.allShards) { locked in
      for number in numbers {
        locked.forEachPart(of: number) { database in
          guard database.count > 0 else { return }
          removed.append(database)
          database = Database()
        }
      }
    }
  }

  /// Removes keys that have expired and that nobody has asked for, a few per shard and call, so that no lock is held long.
  func sweep() {
    let now = Clock.milliseconds
    for shard in 0..<Self.shardCount {
      for number in databasesThatExpire(inShard: shard) {
        // Bounded, for the other keys' sake: what is left is met by the next sweep.
        for _ in 0..<16 {
          let isWorthWhile = withDatabase(number, ofShard: shard) { $0.sweep(limit: 64, now: now) }
          if !isWorthWhile { break }
        }
      }
    }
  }

  /// The databases with a deadline in one shard: mostly none, which is found out with one lock.
  private func databasesThatExpire(inShard number: Int) -> [Int] {
    withShard(number) { shard in shard.databases.indices.filter { shard.databases[$0].expiringCount > 0 } }
  }
}
