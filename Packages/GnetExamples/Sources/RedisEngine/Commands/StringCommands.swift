/// Commands on strings.
let stringCommands: [Command] = [
  Command(
    "get", 2, [.readonly, .fast], .string, keys: .one("RO access"), "key", "Answers with a key's string.",
    .onKey(StringCommands.get)),
  Command(
    "set", -3, [.write, .denyoom], .string,
    keys: .one("RW access update variable_flags", notes: "RW and ACCESS due to the optional `GET` argument"),
    "key value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]",
    "Sets a key to a string, whatever it held.", .onKey(StringCommands.set)),
  Command(
    "getset", 3, [.write, .denyoom, .fast], .string, keys: .one("RW access update"), "key value",
    "Sets a key to a string, and answers with the one it held.", .onKey(StringCommands.getset)),
  Command(
    "setnx", 3, [.write, .denyoom, .fast], .string, keys: .one("OW insert"), "key value",
    "Sets a key to a string if it is not there.", .onKey(StringCommands.setnx)),
  Command(
    "mget", -2, [.readonly, .fast], .string, keys: .all("RO access"), tips: ["request_policy:multi_shard"],
    cost: "O(N)",
    "key...", "Answers with several keys' strings, as they were at one moment.", .plain(StringCommands.mget)),
  Command(
    "mset", -3, [.write, .denyoom], .string, keys: .all("OW update", step: 2),
    tips: ["request_policy:multi_shard", "response_policy:all_succeeded"], since: "1.0.1", cost: "O(N)",
    "{key value}...", "Sets several keys to strings, all at one moment.", .plain(StringCommands.mset)),
  Command(
    "append", 3, [.write, .denyoom, .fast], .string, keys: .one("RW insert"), since: "2.0.0", "key value",
    "Puts bytes behind a key's string.", .onKey(StringCommands.append)),
  Command(
    "strlen", 2, [.readonly, .fast], .string, keys: .one("RO"), since: "2.2.0", "key",
    "Answers with the length of a key's string.", .onKey(StringCommands.strlen)),
  Command(
    "incr", 2, [.write, .denyoom, .fast], .string, keys: .one("RW access update"), "key",
    "Adds 1 to the integer that a key's string spells.",
    .onKey { arguments, database, context throws(ReplyError) in
      try StringCommands.add(1, arguments.key(1), &database, &context)
    }),
  Command(
    "decr", 2, [.write, .denyoom, .fast], .string, keys: .one("RW access update"), "key",
    "Takes 1 from the integer that a key's string spells.",
    .onKey { arguments, database, context throws(ReplyError) in
      try StringCommands.add(-1, arguments.key(1), &database, &context)
    }),
  Command(
    "incrby", 3, [.write, .denyoom, .fast], .string, keys: .one("RW access update"), "key increment:integer",
    "Adds to the integer that a key's string spells.",
    .onKey { arguments, database, context throws(ReplyError) in
      try StringCommands.add(try arguments.integer(2), arguments.key(1), &database, &context)
    }),
  Command(
    "decrby", 3, [.write, .denyoom, .fast], .string, keys: .one("RW access update"), "key decrement:integer",
    "Takes from the integer that a key's string spells.",
    .onKey { arguments, database, context throws(ReplyError) in
      let decrement = try arguments.integer(2)
      if decrement == .min { throw ReplyError("ERR decrement would overflow") }
      try StringCommands.add(-decrement, arguments.key(1), &database, &context)
    }),
]

enum StringCommands {
  static func get(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    try answer(arguments.key(1), &database, &context)
  }

  /// Answers with the string at a key, or with null.
  private static func answer(
    _ key: borrowing Key, _ database: inout Database, _ context: inout Context
  ) throws(ReplyError) {
    if try !database.withString(key, { context.reply.bulk($0) }) { context.reply.null() }
  }

  static func set(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    if arguments.count == 3 {
      database.setString(arguments.key(1), arguments[2])
      return context.reply.ok()
    }
    let options = try SetOptions(arguments)
    let deadline = try options.expiry?.deadline(arguments, command: "set") ?? Database.never
    let key = arguments.key(1)
    if options.answersOld { try answer(key, &database, &context) }
    let place = database.find(key)
    if (options.condition == .absent && place != nil) || (options.condition == .present && place == nil) {
      if !options.answersOld { context.reply.null() }
      return
    }
    let kept = options.keepsDeadline ? place.map { database.deadline(at: $0) } : nil
    database.setString(key, arguments[2], deadline: kept ?? deadline)
    if !options.answersOld { context.reply.ok() }
  }

  static func getset(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    try answer(arguments.key(1), &database, &context)
    database.setString(arguments.key(1), arguments[2])
  }

  static func setnx(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) {
    let key = arguments.key(1)
    if database.find(key) != nil { return context.reply.integer(0) }
    database.setString(key, arguments[2])
    context.reply.integer(1)
  }

  static func mget(_ arguments: Arguments, _ context: inout Context) {
    context.reply.array(arguments.count - 1)
    context.keyspace.withShards(arguments.shards()) { locked in
      for index in 1..<arguments.count {
        let key = arguments.key(index)
        locked.withDatabase(context.database, of: key) { database in
          // A value of another type counts as none.
          guard let place = database.find(key), case .string(let bytes) = database[place] else {
            return context.reply.null()
          }
          context.reply.bulk(bytes)
        }
      }
    }
  }

  static func mset(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    if arguments.count % 2 == 0 { throw .argumentCount("mset") }
    context.keyspace.withShards(arguments.shards(step: 2)) { locked in
      for index in stride(from: 1, to: arguments.count, by: 2) {
        let key = arguments.key(index)
        locked.withDatabase(context.database, of: key) { $0.setString(key, arguments[index + 1]) }
      }
    }
    context.reply.ok()
  }

  static func append(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let key = arguments.key(1)
    guard let place = database.find(key) else {
      database.setString(key, arguments[2])
      return context.reply.integer(arguments[2].count)
    }
    let length = try database.withString(at: place) { $0.count } + arguments[2].count
    if length > RequestParser.bulkLimit { throw .stringTooLong }
    database.changeString(at: place) { string in
      unsafe arguments[2].withUnsafeBufferPointer { unsafe string.append(contentsOf: $0) }
    }
    context.reply.integer(length)
  }

  static func strlen(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    var length = 0
    _ = try database.withString(arguments.key(1)) { length = $0.count }
    context.reply.integer(length)
  }

  static func add(
    _ amount: Int, _ key: borrowing Key, _ database: inout Database, _ context: inout Context
  ) throws(ReplyError) {
    guard let place = database.find(key) else {
      database.setString(key, Digits(amount).bytes)
      return context.reply.integer(amount)
    }
    guard let value = try database.withString(at: place, { $0.integer }) else { throw .notAnInteger }
    let (sum, isTooMuch) = value.addingReportingOverflow(amount)
    if isTooMuch { throw ReplyError("ERR increment or decrement would overflow") }
    database.changeString(at: place) { string in
      string.removeAll(keepingCapacity: true)
      let digits = Digits(sum)
      unsafe digits.bytes.withUnsafeBufferPointer { unsafe string.append(contentsOf: $0) }
    }
    context.reply.integer(sum)
  }
}

extension Arguments {
  /// The shards of the keys among the arguments: every `step`-th from the second on.
  func shards(step: Int = 1) -> Keyspace.Shards {
    var shards: Keyspace.Shards = 0
    for index in stride(from: 1, to: count, by: step) { shards |= 1 << Keyspace.shard(ofHash: self[index].keyHash) }
    return shards
  }
}
