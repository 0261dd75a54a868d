/// Commands on hashes.
let hashCommands: [Command] = [
  Command(
    "hset", -4, [.write, .denyoom, .fast], .hash, keys: .one("RW update"), since: "2.0.0", cost: "O(N)",
    "key {field value}...", "Sets fields of a hash, and answers how many were new.", .onKey(HashCommands.hset)),
  Command(
    "hget", 3, [.readonly, .fast], .hash, keys: .one("RO access"), since: "2.0.0", "key field",
    "Answers with the value of a field.", .onKey(HashCommands.hget)),
  Command(
    "hdel", -3, [.write, .fast], .hash, keys: .one("RW delete"), since: "2.0.0", cost: "O(N)", "key field...",
    "Removes fields of a hash, and answers how many were there.", .onKey(HashCommands.hdel)),
  Command(
    "hgetall", 2, .readonly, .hash, keys: .one("RO access"), tips: ["nondeterministic_output_order"], since: "2.0.0",
    cost: "O(N)", "key", "Answers with all fields of a hash and their values.", .onKey(HashCommands.hgetall)),
  Command(
    "hlen", 2, [.readonly, .fast], .hash, keys: .one("RO"), since: "2.0.0", "key",
    "Answers how many fields a hash has.", .onKey(HashCommands.hlen)),
]

enum HashCommands {
  static func hset(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    if arguments.count % 2 == 1 { throw .argumentCount("hset") }
    let key = arguments.key(1)
    let hash: HashValue = try database.collectionToAddTo(key)
    let before = hash.fields.count
    for index in stride(from: 2, to: arguments.count, by: 2) {
      let field = Key(arguments[index])
      let value = arguments[index + 1].array
      if let place = hash.fields.place(of: field) {
        hash.fields[place] = value
      } else {
        hash.fields.insert(field.bytes.array, hash: field.hash, value)
      }
    }
    database.noteChange(of: key)
    context.reply.integer(hash.fields.count - before)
  }

  static func hget(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    guard let hash: HashValue = try database.collection(arguments.key(1)),
      let place = hash.fields.place(of: Key(arguments[2]))
    else { return context.reply.null() }
    context.reply.bulk(hash.fields.entries[place].value)
  }

  static func hdel(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let count = try database.removeElements(of: arguments.key(1)) { (hash: HashValue) in
      hash.fields.remove(arguments, from: 2)
    }
    context.reply.integer(count)
  }

  static func hgetall(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    guard let hash: HashValue = try database.collection(arguments.key(1)) else { return context.reply.map(0) }
    context.reply.map(hash.fields.count)
    for entry in hash.fields.entries {
      context.reply.bulk(entry.key)
      context.reply.bulk(entry.value)
    }
  }

  static func hlen(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let hash: HashValue? = try database.collection(arguments.key(1))
    context.reply.integer(hash?.fields.count ?? 0)
  }
}
