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
    "setex", 4, [.write, .denyoom], .string, keys: .one("OW update"), since: "2.0.0", "key seconds:integer value",
    "Sets a key to a string that expires after some seconds.",
    .onKey { arguments, database, context throws(ReplyError) in
      try StringCommands.setex(arguments, &database, &context, "setex", isInSeconds: true)
    }),
  Command(
    "psetex", 4, [.write, .denyoom], .string, keys: .one("OW update"), since: "2.6.0",
    "key milliseconds:integer value", "Sets a key to a string that expires after some milliseconds.",
    .onKey { arguments, database, context throws(ReplyError) in
      try StringCommands.setex(arguments, &database, &context, "psetex", isInSeconds: false)
    }),
  Command(
    "getdel", 2, [.write, .fast], .string, keys: .one("RW access delete"), since: "6.2.0", "key",
    "Answers with a key's string, and removes the key.", .onKey(StringCommands.getdel)),
  Command(
    "getex", -2, [.write, .fast], .string,
    keys: .one("RW access update", notes: "RW and UPDATE because it changes the TTL"), since: "6.2.0",
    "key [EX seconds:integer|PX milliseconds:integer|EXAT unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|PERSIST]",
    "Answers with a key's string, and changes when it expires.", .onKey(StringCommands.getex)),
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
  Command(
    "incrbyfloat", 3, [.write, .denyoom, .fast], .string, keys: .one("RW access update"), since: "2.6.0",
    "key increment:double", "Adds to the number that a key's string spells.", .onKey(StringCommands.incrbyfloat)),
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

  static func setex(
    _ arguments: Arguments, _ database: inout Database, _ context: inout Context, _ name: String, isInSeconds: Bool
  ) throws(ReplyError) {
    let value = try arguments.integer(2)
    guard value > 0, let deadline = Deadline.make(value, isInSeconds: isInSeconds, isAbsolute: false) else {
      throw .expireTime(name)
    }
    database.setString(arguments.key(1), arguments[3], deadline: deadline)
    context.reply.ok()
  }

  static func getdel(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let key = arguments.key(1)
    try answer(key, &database, &context)
    if let place = database.find(key) { database.remove(at: place) }
  }

  static func getex(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let options = try SetOptions(ofGetEx: arguments)
    let key = arguments.key(1)
    guard let place = database.find(key) else { return context.reply.null() }
    try database.withString(at: place) { _ in }
    let deadline = try options.expiry?.deadline(arguments, command: "getex")
    try answer(key, &database, &context)
    if let deadline {
      if deadline <= Clock.milliseconds {
        database.remove(at: place)
      } else {
        database.setDeadline(deadline, at: place)
      }
    } else if options.removesDeadline, database.deadline(at: place) != Database.never {
      database.setDeadline(Database.never, at: place)
    }
  }

  static func setnx(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) {
    let key = arguments.key(1)
    if database.find(key) != nil { return context.reply.integer(0) }
    database.setString(key, arguments[2])
    context.reply.integer(1)
  }

  static func mget(_ arguments: Arguments, _ context: inout Context) {
    context.reply.array(arguments.count - 1)
    context.keyspace.withShards(arguments.shards(), held: context.held) { locked in
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
    context.keyspace.withShards(arguments.shards(step: 2), held: context.held) { locked in
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

// Numbers with fractions.
extension StringCommands {
  static func incrbyfloat(
    _ arguments: Arguments, _ database: inout Database, _ context: inout Context
  ) throws(ReplyError) {
    let key = arguments.key(1)
    let place = database.find(key)
    let old = try place.map { (place) throws(ReplyError) in try database.withString(at: place) { $0.array } }
    let sum = try decimalSum(old ?? [UInt8(ascii: "0")], arguments[2].array)
    context.reply.bulk(sum)
    database.setString(key, sum.span, deadline: place.map { database.deadline(at: $0) } ?? Database.never)
  }
}

extension Arguments {
  /// The shards of the keys among the arguments: every `step`-th from the second on.
  func shards(step: Int = 1) -> Keyspace.Shards { shards(from: 1, through: count - 1, step: step) }

  /// The shards of the keys at some positions.
  func shards(from first: Int, through last: Int, step: Int) -> Keyspace.Shards {
    var shards: Keyspace.Shards = 0
    for index in stride(from: first, through: last, by: step) {
      shards |= 1 << Keyspace.shard(ofHash: self[index].keyHash)
    }
    return shards
  }
}
