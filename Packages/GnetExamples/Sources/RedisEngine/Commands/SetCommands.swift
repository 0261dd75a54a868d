/// Commands on sets.
let setCommands: [Command] = [
  Command(
    "sadd", -3, [.write, .denyoom, .fast], .set, keys: .one("RW insert"), cost: "O(N)", "key member...",
    "Adds members to a set, and answers how many were new.", .onKey(SetCommands.sadd)),
  Command(
    "srem", -3, [.write, .fast], .set, keys: .one("RW delete"), cost: "O(N)", "key member...",
    "Removes members from a set, and answers how many were there.", .onKey(SetCommands.srem)),
  Command(
    "sismember", 3, [.readonly, .fast], .set, keys: .one("RO"), "key member",
    "Answers whether something is a member of a set.", .onKey(SetCommands.sismember)),
  Command(
    "smembers", 2, .readonly, .set, keys: .one("RO access"), tips: ["nondeterministic_output_order"], cost: "O(N)",
    "key",
    "Answers with all members of a set.", .onKey(SetCommands.smembers)),
  Command(
    "scard", 2, [.readonly, .fast], .set, keys: .one("RO"), "key", "Answers how many members a set has.",
    .onKey(SetCommands.scard)),
  Command(
    "spop", -2, [.write, .fast], .set, keys: .one("RW access delete"), tips: ["nondeterministic_output"], cost: "O(N)",
    "key [count:integer]", "Takes random members out of a set.", .onKey(SetCommands.spop)),
]

enum SetCommands {
  static func sadd(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let key = arguments.key(1)
    let set: SetValue = try database.collectionToAddTo(key)
    let before = set.members.count
    for index in 2..<arguments.count {
      let member = Key(arguments[index])
      if set.members.place(of: member) == nil { set.members.insert(member.bytes.array, hash: member.hash, ()) }
    }
    if set.members.count > before { database.noteChange(of: key) }
    context.reply.integer(set.members.count - before)
  }

  static func srem(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let count = try database.removeElements(of: arguments.key(1)) { (set: SetValue) in
      set.members.remove(arguments, from: 2)
    }
    context.reply.integer(count)
  }

  static func sismember(
    _ arguments: Arguments, _ database: inout Database, _ context: inout Context
  ) throws(ReplyError) {
    let set: SetValue? = try database.collection(arguments.key(1))
    context.reply.integer(set?.members.place(of: Key(arguments[2])) == nil ? 0 : 1)
  }

  static func smembers(
    _ arguments: Arguments, _ database: inout Database, _ context: inout Context
  ) throws(ReplyError) {
    guard let set: SetValue = try database.collection(arguments.key(1)) else { return context.reply.set(0) }
    context.reply.set(set.members.count)
    for entry in set.members.entries { context.reply.bulk(entry.key) }
  }

  static func scard(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let set: SetValue? = try database.collection(arguments.key(1))
    context.reply.integer(set?.members.count ?? 0)
  }

  static func spop(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    if arguments.count > 3 { throw .syntax }
    let wanted = arguments.count == 3 ? try arguments.elementCount(2) : nil
    let key = arguments.key(1)
    guard let set: SetValue = try database.collection(key) else {
      return wanted == nil ? context.reply.null() : context.reply.set(0)
    }
    let count = min(wanted ?? 1, set.members.count)
    if wanted != nil { context.reply.set(count) }
    if count > 0 { database.noteChange(of: key) }
    for _ in 0..<count {
      let place = Int.random(in: 0..<set.members.count, using: &context.random)
      context.reply.bulk(set.members.remove(at: place).key)
    }
    database.removeIfEmpty(set, key)
  }
}
