internal import Synchronization

/// The requests that a client has queued since MULTI, and the keys that it has watched before.
struct Transaction: Sendable {
  struct Request: Sendable {
    /// The position of the command in the table.
    let place: Int
    fileprivate let bytes: [UInt8]
    fileprivate let ranges: [ArgumentRange]

    init(_ place: Int, _ arguments: Arguments) {
      self.place = place
      (bytes, ranges) = arguments.copied()
    }

    /// About the memory of the request: its arguments, their ranges, and two arrays.
    fileprivate var byteCount: Int { bytes.count + MemoryLayout<ArgumentRange>.stride * ranges.count + 96 }

    /// The arguments, as they came.
    var arguments: Arguments {
      @_lifetime(borrow self)
      get { Arguments(bytes.span, ranges.span) }
    }
  }

  struct WatchedKey: Sendable {
    let database: Int
    let bytes: [UInt8]
    let hash: Int

    var key: Key {
      @_lifetime(borrow self)
      get { Key(bytes.span, hash: hash) }
    }

    var shards: Keyspace.Shards { 1 << Keyspace.shard(ofHash: hash) }
  }

  private(set) var requests: [Request] = []
  /// Whether a request was refused: EXEC runs none.
  var hasFailed = false
  private(set) var watchedKeys: [WatchedKey] = []
  /// The watcher of the keys, if there are any.
  private(set) var watcher: Watcher?
  /// About the memory of the queued requests.
  private(set) var byteCount = 0

  /// Queues a request, unless no request will run anyway.
  mutating func add(_ request: Request) {
    if hasFailed { return }
    requests.append(request)
    byteCount += request.byteCount
  }

  /// Watches a key whose lock is held, unless the key is watched already.
  mutating func watch(_ key: WatchedKey, _ locked: Keyspace.Locked) {
    if watchedKeys.contains(where: { $0.hash == key.hash && $0.database == key.database && $0.bytes == key.bytes }) {
      return
    }
    watchedKeys.append(key)
    let watcher = watcher ?? Watcher()
    self.watcher = watcher
    locked.withDatabase(key.database, of: key.key) { $0.add(watcher, of: key.key) }
  }

  /// Whether a watched key has changed.
  var hasSeenChange: Bool { watcher?.hasSeenChange ?? false }

  /// The shards of the watched keys.
  var watchedShards: Keyspace.Shards { watchedKeys.reduce(0) { $0 | $1.shards } }

  /// Takes the watcher away from its keys, whose locks are held.
  func unwatch(_ locked: Keyspace.Locked) {
    guard let watcher else { return }
    for watched in watchedKeys {
      locked.withDatabase(watched.database, of: watched.key) { $0.remove(watcher, of: watched.key) }
    }
  }

  /// Takes the watcher away from its keys.
  func unwatch(in keyspace: Keyspace) {
    if !watchedKeys.isEmpty { keyspace.withShards(watchedShards) { unwatch($0) } }
  }
}

extension Client {
  /// Ends the transaction and the watching of keys. Returns both as they were; the keys still have their watcher.
  func takeTransaction() -> Transaction {
    modes.remove(.transaction)
    return transaction.withLock { transaction in
      let ended = transaction
      transaction = Transaction()
      return ended
    }
  }
}
