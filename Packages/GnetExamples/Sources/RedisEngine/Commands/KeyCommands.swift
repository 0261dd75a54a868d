/// Commands on keys of any type.
let keyCommands: [Command] = [
  Command(
    "del", -2, .write, .generic, keys: .all("RM delete"),
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"], cost: "O(N)", "key...",
    "Removes keys, and answers how many were there.", .plain(KeyCommands.del)),
  Command(
    "unlink", -2, [.write, .fast], .generic, keys: .all("RM delete"),
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"], since: "4.0.0", cost: "O(N)", "key...",
    "Removes keys, and answers how many were there.", .plain(KeyCommands.del)),
  Command(
    "exists", -2, [.readonly, .fast], .generic, keys: .all("RO"),
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"], cost: "O(N)", "key...",
    "Answers how many of the keys are there.", .plain(KeyCommands.exists)),
  Command(
    "expire", -3, [.write, .fast], .generic, keys: .one("RW update"), "key seconds:integer [NX|XX|GT|LT]",
    "Has a key expire after so many seconds.",
    .onKey { arguments, database, context throws(ReplyError) in
      try KeyCommands.expire(arguments, &database, &context, isInSeconds: true)
    }),
  Command(
    "pexpire", -3, [.write, .fast], .generic, keys: .one("RW update"), since: "2.6.0",
    "key milliseconds:integer [NX|XX|GT|LT]", "Has a key expire after so many milliseconds.",
    .onKey { arguments, database, context throws(ReplyError) in
      try KeyCommands.expire(arguments, &database, &context, isInSeconds: false)
    }),
  Command(
    "ttl", 2, [.readonly, .fast], .generic, keys: .one("RO access"), tips: ["nondeterministic_output"], "key",
    "Answers in how many seconds a key expires; -1: it does not, -2: there is none.",
    .onKey { arguments, database, context in KeyCommands.timeToLive(arguments, &database, &context, unit: 1000) }),
  Command(
    "pttl", 2, [.readonly, .fast], .generic, keys: .one("RO access"), tips: ["nondeterministic_output"],
    since: "2.6.0", "key", "Answers in how many milliseconds a key expires; -1: it does not, -2: there is none.",
    .onKey { arguments, database, context in KeyCommands.timeToLive(arguments, &database, &context, unit: 1) }),
  Command(
    "persist", 2, [.write, .fast], .generic, keys: .one("RW update"), since: "2.2.0", "key",
    "Has a key not expire any more.", .onKey(KeyCommands.persist)),
  Command(
    "type", 2, [.readonly, .fast], .generic, keys: .one("RO"), "key", "Answers what type of value a key holds.",
    .onKey(KeyCommands.type)),
  Command(
    "keys", 2, .readonly, .generic, categories: ["dangerous"],
    tips: ["request_policy:all_shards", "nondeterministic_output_order"], cost: "O(N)", "pattern",
    "Answers with all keys that match a pattern.", .plain(KeyCommands.keys)),
  Command(
    "scan", -2, .readonly, .generic, tips: ["nondeterministic_output", "request_policy:special"], since: "2.8.0",
    cost: "O(1), O(N) for all calls together", "cursor:integer [MATCH pattern] [COUNT count:integer] [TYPE type]",
    "Answers with some keys, and where to go on.", .plain(ScanCommand.scan)),
  Command(
    "dbsize", 1, [.readonly, .fast], .server, categories: ["keyspace", "read"],
    tips: ["request_policy:all_shards", "response_policy:agg_sum"], "", "Answers how many keys there are.",
    .plain { _, context in context.reply.integer(context.keyspace.counts(of: context.database, held: context.held).keys)
    }),
  Command(
    "flushall", -1, .write, .server, categories: ["keyspace", "write", "dangerous"],
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"], cost: "O(N)", "[ASYNC|SYNC]",
    "Removes all keys of all databases.",
    .plain { arguments, context throws(ReplyError) in
      try KeyCommands.flush(0..<Keyspace.databaseCount, arguments, &context)
    }),
  Command(
    "flushdb", -1, .write, .server, categories: ["keyspace", "write", "dangerous"],
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"], cost: "O(N)", "[ASYNC|SYNC]",
    "Removes all keys of the selected database.",
    .plain { arguments, context throws(ReplyError) in
      try KeyCommands.flush(context.database..<context.database + 1, arguments, &context)
    }),
]

enum KeyCommands {
  static func del(_ arguments: Arguments, _ context: inout Context) {
    countKeys(arguments, &context) { database, place in database.remove(at: place) }
  }

  static func exists(_ arguments: Arguments, _ context: inout Context) {
    countKeys(arguments, &context) { _, _ in }
  }

  /// Calls `body` for each key that exists, and answers with their number.
  private static func countKeys(
    _ arguments: Arguments, _ context: inout Context, _ body: (inout Database, Int) -> Void
  ) {
    var count = 0
    context.keyspace.withShards(arguments.shards(), held: context.held) { locked in
      for index in 1..<arguments.count {
        let key = arguments.key(index)
        locked.withDatabase(context.database, of: key) { database in
          guard let place = database.find(key) else { return }
          body(&database, place)
          count += 1
        }
      }
    }
    context.reply.integer(count)
  }

  static func type(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) {
    let place = database.find(arguments.key(1))
    context.reply.status(place.map { database[$0].typeName } ?? "none")
  }

  static func keys(_ arguments: Arguments, _ context: inout Context) {
    var found: [[UInt8]] = []
    let pattern = arguments[1]
    context.keyspace.withShards(Keyspace.allShards, held: context.held) { locked in
      locked.forEachPart(of: context.database) { database in
        database.forEachKey { key, _ in if matches(pattern, key.span) { found.append(key) } }
      }
    }
    context.reply.array(found.count)
    for key in found { context.reply.bulk(key) }
  }

  static func flush(_ databases: Range<Int>, _ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    // Both modes free the memory without a lock, so only this loop waits for it.
    guard arguments.count == 1 || arguments.count == 2 && (arguments[1].isWord("async") || arguments[1].isWord("sync"))
    else { throw .syntax }
    context.keyspace.removeAll(from: databases, held: context.held)
    context.reply.ok()
  }
}

// Expiry of keys.
extension KeyCommands {
  static func expire(
    _ arguments: Arguments, _ database: inout Database, _ context: inout Context, isInSeconds: Bool
  ) throws(ReplyError) {
    let conditions = try conditions(arguments)
    let value = try arguments.integer(2)
    guard let deadline = Deadline.make(value, isInSeconds: isInSeconds, isAbsolute: false) else {
      throw .expireTime(isInSeconds ? "expire" : "pexpire")
    }
    guard let place = database.find(arguments.key(1)) else { return context.reply.integer(0) }
    // A key without a deadline counts as a key with the greatest.
    let old = database.deadline(at: place)
    guard !conditions.contains(old == Database.never ? .present : .absent), conditions.allow(deadline, insteadOf: old)
    else { return context.reply.integer(0) }
    if deadline <= Clock.milliseconds {
      database.remove(at: place)
    } else {
      database.setDeadline(deadline, at: place)
    }
    context.reply.integer(1)
  }

  /// The conditions behind the time of EXPIRE.
  private static func conditions(_ arguments: Arguments) throws(ReplyError) -> Set<Condition> {
    var conditions: Set<Condition> = []
    for index in 3..<max(3, arguments.count) {
      guard let condition = Condition(arguments[index]) else {
        throw ReplyError(quoting: Array("ERR Unsupported option ".utf8) + arguments[index].array.prefix { $0 != 0 })
      }
      conditions.insert(condition)
    }
    if conditions.contains(.absent) && conditions.count > 1 {
      throw ReplyError("ERR NX and XX, GT or LT options at the same time are not compatible")
    }
    if conditions.isSuperset(of: [.greater, .less]) {
      throw ReplyError("ERR GT and LT options at the same time are not compatible")
    }
    return conditions
  }

  static func timeToLive(_ arguments: Arguments, _ database: inout Database, _ context: inout Context, unit: Int) {
    guard let place = database.find(arguments.key(1)) else { return context.reply.integer(-2) }
    let deadline = database.deadline(at: place)
    if deadline == Database.never { return context.reply.integer(-1) }
    context.reply.integer((max(0, deadline - Clock.milliseconds) + unit / 2) / unit)
  }

  static func persist(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) {
    guard let place = database.find(arguments.key(1)), database.deadline(at: place) != Database.never else {
      return context.reply.integer(0)
    }
    database.setDeadline(Database.never, at: place)
    context.reply.integer(1)
  }
}
