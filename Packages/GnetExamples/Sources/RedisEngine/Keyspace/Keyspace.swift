internal import Synchronization

/// All databases, shared by all loops.
///
/// The hash of a key selects its shard. Each shard has a lock of its own, so that two loops rarely want the same one. A
/// command that needs several locks takes them in the order of their numbers, which prevents deadlocks, and is atomic
/// for all other clients.
@safe
final class Keyspace: @unchecked Sendable {
  typealias Databases = InlineArray<16, Database>
  static let databaseCount = Databases.count
  /// The number of shards, one for each bit of `Shards`.
  static let shardCount = 64

  /// A set of shards.
  typealias Shards = UInt64
  static let allShards = Shards.max

  private struct ShardLock: ~Copyable {
    let mutex = Mutex(())
    /// Keeps the locks on different cache lines: different loops take them at the same time.
    private let padding = InlineArray<15, UInt64>(repeating: 0)
  }

  private let locks: UnsafeMutablePointer<ShardLock>
  /// Each shard's part of the databases, used with its lock held. The lock makes access exclusive, and behind a pointer
  /// the runtime does not check it again. The locks lie elsewhere, since other loops read them meanwhile.
  private let parts: UnsafeMutablePointer<Databases>

  init() {
    unsafe locks = .allocate(capacity: Self.shardCount)
    for shard in 0..<Self.shardCount { unsafe (locks + shard).initialize(to: ShardLock()) }
    unsafe parts = .allocate(capacity: Self.shardCount)
    unsafe parts.initialize(repeating: Databases(repeating: Database()), count: Self.shardCount)
  }

  deinit {
    unsafe locks.deinitialize(count: Self.shardCount)
    unsafe locks.deallocate()
    unsafe parts.deinitialize(count: Self.shardCount)
    unsafe parts.deallocate()
  }

  /// The shard of a key with a hash.
  static func shard(ofHash hash: Int) -> Int { Int(UInt(bitPattern: hash) >> 58) }

  /// Runs `body` on the part of a database that has the keys with a hash.
  func withDatabase<R, E: Error>(_ number: Int, ofHash hash: Int, _ body: (inout Database) throws(E) -> R) throws(E)
    -> R
  {
    try withDatabase(number, ofShard: Self.shard(ofHash: hash), body)
  }

  /// Runs `body` on one shard's part of a database.
  func withDatabase<R, E: Error>(_ number: Int, ofShard shard: Int, _ body: (inout Database) throws(E) -> R) throws(E)
    -> R
  {
    try withShard(shard) { (databases) throws(E) in try body(&databases[number]) }
  }

  /// Runs `body` with the lock of one shard held.
  @inline(__always)
  private func withShard<R, E: Error>(_ number: Int, _ body: (inout Databases) throws(E) -> R) throws(E) -> R {
    lock(number)
    defer { unlock(number) }
    return try unsafe body(&parts[number])
  }

  @inline(__always)
  private func lock(_ shard: Int) { unsafe locks[shard].mutex._unsafeLock() }

  @inline(__always)
  private func unlock(_ shard: Int) { unsafe locks[shard].mutex._unsafeUnlock() }

  /// Runs `body` with the locks of several shards held. The databases are reached by `locked`.
  ///
  /// - Parameter held: the shards whose locks are held already, for all that `body` wants, or none.
  func withShards(_ wanted: Shards, held: Shards = 0, _ body: (Locked) -> Void) {
    assert(held == 0 || wanted & ~held == 0, "the order of locks prevents deadlocks only if all are taken at once")
    let missing = wanted & ~held
    var rest = missing
    while rest != 0 {
      lock(rest.trailingZeroBitCount)
      rest &= rest &- 1
    }
    defer {
      var rest = missing
      while rest != 0 {
        unlock(rest.trailingZeroBitCount)
        rest &= rest &- 1
      }
    }
    body(Locked(keyspace: self, shards: wanted))
  }

  /// Databases whose locks are held, valid as long as the closure that receives this value runs.
  struct Locked {
    fileprivate let keyspace: Keyspace
    fileprivate let shards: Shards

    /// Runs `body` on the part of a database that has a key.
    func withDatabase<R, E: Error>(_ number: Int, of key: borrowing Key, _ body: (inout Database) throws(E) -> R)
      throws(E) -> R
    {
      let shard = Keyspace.shard(ofHash: key.hash)
      assert(shards & 1 << shard != 0, "a shard whose lock is not held")
      return try unsafe body(&keyspace.parts[shard][number])
    }

    /// Runs `body` on each shard's part of a database.
    func forEachPart(of number: Int, _ body: (inout Database) -> Void) {
      for shard in 0..<Keyspace.shardCount where shards & 1 << shard != 0 {
        unsafe body(&keyspace.parts[shard][number])
      }
    }
  }
}

extension Keyspace {
  /// The numbers of keys in a database: all keys, those with a deadline, and those that have expired so far.
  func counts(of number: Int, held: Shards = 0) -> (keys: Int, expiring: Int, expired: Int) {
    var counts = (keys: 0, expiring: 0, expired: 0)
    withShards(Self.allShards, held: held) { locked in
      locked.forEachPart(of: number) {
        counts.keys += $0.count
        counts.expiring += $0.expiringCount
        counts.expired += $0.expiredCount
      }
    }
    return counts
  }

  /// Empties databases, at one moment for all clients. Their memory is freed after the locks are released.
  func removeAll(from numbers: Range<Int>, held: Shards = 0) {
    var removed: [ByteTable<Database.Item>] = []
    withShards(Self.allShards, held: held) { locked in
      for number in numbers {
        locked.forEachPart(of: number) { if $0.count > 0 { removed.append($0.takeAll()) } }
      }
    }
  }

  /// Removes expired keys that nobody has asked for: a few per shard and call, so that no lock is held for long.
  func sweep() {
    let now = Clock.milliseconds
    for shard in 0..<Self.shardCount {
      for number in databasesThatExpire(inShard: shard) {
        // A limit for the sake of other clients: the next sweep finds the rest.
        for _ in 0..<16 {
          let isWorthWhile = withDatabase(number, ofShard: shard) { $0.sweep(limit: 64, now: now) }
          if !isWorthWhile { break }
        }
      }
    }
  }

  /// The databases with a deadline in one shard: mostly none, at the cost of one lock.
  private func databasesThatExpire(inShard number: Int) -> [Int] {
    withShard(number) { databases in databases.indices.filter { databases[$0].expiringCount > 0 } }
  }
}
