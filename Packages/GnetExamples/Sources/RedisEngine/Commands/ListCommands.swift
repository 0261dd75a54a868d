internal import DequeModule

/// Commands on lists.
let listCommands: [Command] = [
  Command(
    "lpush", -3, [.write, .denyoom, .fast], .list, keys: .one("RW insert"), cost: "O(N)", "key element...",
    "Puts elements in front of a list, one after the other.",
    .onKey { arguments, database, context throws(ReplyError) in
      try ListCommands.push(arguments, &database, &context) { list, element in list.prepend(element) }
    }),
  Command(
    "rpush", -3, [.write, .denyoom, .fast], .list, keys: .one("RW insert"), cost: "O(N)", "key element...",
    "Puts elements behind a list.",
    .onKey { arguments, database, context throws(ReplyError) in
      try ListCommands.push(arguments, &database, &context) { list, element in list.append(element) }
    }),
  Command(
    "lpop", -2, [.write, .fast], .list, keys: .one("RW access delete"), cost: "O(N)", "key [count:integer]",
    "Takes elements from the front of a list.",
    .onKey { arguments, database, context throws(ReplyError) in
      try ListCommands.pop(arguments, &database, &context, name: "lpop") { list in list.popFirst() }
    }),
  Command(
    "rpop", -2, [.write, .fast], .list, keys: .one("RW access delete"), cost: "O(N)", "key [count:integer]",
    "Takes elements from the end of a list, the last one first.",
    .onKey { arguments, database, context throws(ReplyError) in
      try ListCommands.pop(arguments, &database, &context, name: "rpop") { list in list.popLast() }
    }),
  Command(
    "llen", 2, [.readonly, .fast], .list, keys: .one("RO"), "key", "Answers with the length of a list.",
    .onKey(ListCommands.llen)),
  Command(
    "lrange", 4, .readonly, .list, keys: .one("RO access"), cost: "O(N)", "key start:integer stop:integer",
    "Answers with the elements from one place to another; negative places count from the end.",
    .onKey(ListCommands.lrange)),
]

enum ListCommands {
  static func push(
    _ arguments: Arguments, _ database: inout Database, _ context: inout Context,
    _ body: (inout Deque<[UInt8]>, [UInt8]) -> Void
  ) throws(ReplyError) {
    let key = arguments.key(1)
    let list: ListValue = try database.collectionToAddTo(key)
    database.noteChange(of: key)
    for index in 2..<arguments.count { body(&list.elements, arguments[index].array) }
    context.reply.integer(list.elements.count)
  }

  static func pop(
    _ arguments: Arguments, _ database: inout Database, _ context: inout Context, name: String,
    _ body: (inout Deque<[UInt8]>) -> [UInt8]?
  ) throws(ReplyError) {
    if arguments.count > 3 { throw .argumentCount(name) }
    let wanted = arguments.count == 3 ? try arguments.elementCount(2) : nil
    let key = arguments.key(1)
    guard let list: ListValue = try database.collection(key) else {
      return wanted == nil ? context.reply.null() : context.reply.nullArray()
    }
    if let wanted {
      let count = min(wanted, list.elements.count)
      context.reply.array(count)
      if count > 0 { database.noteChange(of: key) }
      for _ in 0..<count { context.reply.bulk(body(&list.elements)) }
    } else {
      database.noteChange(of: key)
      context.reply.bulk(body(&list.elements))
    }
    database.removeIfEmpty(list, key)
  }

  static func llen(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let list: ListValue? = try database.collection(arguments.key(1))
    context.reply.integer(list?.elements.count ?? 0)
  }

  static func lrange(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let start = try arguments.integer(2)
    let stop = try arguments.integer(3)
    guard let list: ListValue = try database.collection(arguments.key(1)) else { return context.reply.array(0) }
    let places = places(from: start, through: stop, count: list.elements.count)
    context.reply.array(places.count)
    for place in places { context.reply.bulk(list.elements[place]) }
  }
}

/// The positions from `start` through `stop`. Negative ones count from the end.
func places(from start: Int, through stop: Int, count: Int) -> Range<Int> {
  let first = start < 0 ? max(0, start + count) : start
  let last = stop < 0 ? stop + count : min(stop, count - 1)
  return first <= last ? first..<last + 1 : 0..<0
}
