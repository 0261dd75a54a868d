internal import Synchronization

/// All databases, shared by all loops.
///
/// Keys are dealt by their hashes to shards, each with a lock of its own, so that two loops rarely want the same one.
/// Whoever needs several takes their locks in the order of their numbers: nobody waits in a circle, and
/// what is done under all of them is done at once for everybody else.
@safe
final class Keyspace: @unchecked Sendable {
  typealias Databases = InlineArray<16, Database>
  static let databaseCount = Databases.count
  /// As many as there are bits in `Shards`.
  static let shardCount = 64

  /// A set of shards.
  typealias Shards = UInt64
  static let allShards = Shards.max

  private struct ShardLock: ~Copyable {
    let mutex = Mutex(())
    /// Keeps locks that different loops take at the same time off each other's cache line.
    private let padding = InlineArray<15, UInt64>(repeating: 0)
  }

  private let locks: UnsafeMutablePointer<ShardLock>
  /// Each shard's part of the databases, touched by whoever holds its lock. Behind a pointer, access is exclusive because
  /// of the lock, and not checked again; the locks lie elsewhere, since others look at them meanwhile.
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

  /// Runs `body` with the locks of several shards held; it reaches the databases by `locked`.
  func withShards(_ wanted: Shards, _ body: (Locked) -> Void) {
    var rest = wanted
    while rest != 0 {
      lock(rest.trailingZeroBitCount)
      rest &= rest &- 1
    }
    defer {
      var rest = wanted
      while rest != 0 {
        unlock(rest.trailingZeroBitCount)
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
      return unsafe body(&keyspace.parts[shard][number])
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
    withShard(number) { databases in databases.indices.filter { databases[$0].expiringCount > 0 } }
  }
}
