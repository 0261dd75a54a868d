/// The subcommands of COMMAND, which describe the table of commands.
let commandCommands: [Command] = [
  Command(
    "command|count", 2, [.loading, .stale], .server, categories: ["connection"], since: "2.8.13", "",
    "Answers how many commands there are.",
    .plain { _, context in context.reply.integer(CommandTable.shared.topLevel.count) }),
  Command(
    "command|docs", -2, [.loading, .stale], .server, categories: ["connection"],
    tips: ["nondeterministic_output_order"], since: "7.0.0", cost: "O(N)", "[command-name...]",
    "Answers with what commands do and which arguments they take.", .plain(CommandCommands.docs)),
  Command(
    "command|info", -2, [.loading, .stale], .server, categories: ["connection"],
    tips: ["nondeterministic_output_order"], since: "2.8.13", cost: "O(N)", "[command-name...]",
    "Answers with what programs need to know of commands.", .plain(CommandCommands.info)),
  helpCommand(for: "command", categories: ["connection"]),
]

/// The subcommand HELP of a command: a line with the name of each subcommand, and a line that describes it.
func helpCommand(for name: String, _ group: Command.Group = .server, categories: [String] = []) -> Command {
  Command(
    "\(name)|help", 2, [.loading, .stale], group, categories: categories,
    since: "5.0.0", "", "Answers with the subcommands.",
    .plain { _, context in
      let commands = CommandTable.shared.commands.filter { $0.name.hasPrefix(name + "|") }
      context.reply.array(2 * commands.count + 1)
      context.reply.status("\(name.uppercased()) has these subcommands:")
      for command in commands {
        let title = command.name.dropFirst(name.count + 1).uppercased()
        context.reply.status(command.syntax.isEmpty ? title : "\(title) \(command.syntax)")
        context.reply.status("    \(command.summary)")
      }
    })
}

enum CommandCommands {
  static func all(_ context: inout Context) {
    let table = CommandTable.shared
    context.reply.array(table.topLevel.count)
    for place in table.topLevel { describe(table.commands[place], &context.reply) }
  }

  static func info(_ arguments: Arguments, _ context: inout Context) {
    if arguments.count == 2 { return all(&context) }
    context.reply.array(arguments.count - 2)
    for index in 2..<arguments.count {
      if let place = CommandTable.shared.find(byFullName: arguments[index]) {
        describe(CommandTable.shared.commands[place], &context.reply)
      } else {
        context.reply.null()
      }
    }
  }

  static func docs(_ arguments: Arguments, _ context: inout Context) {
    var places: [Int] = arguments.count == 2 ? CommandTable.shared.topLevel : []
    for index in 2..<max(2, arguments.count) {
      if let place = CommandTable.shared.find(byFullName: arguments[index]) { places.append(place) }
    }
    context.reply.map(places.count)
    for place in places { document(CommandTable.shared.commands[place], &context.reply) }
  }

  private static func describe(_ command: Command, _ reply: inout ReplyBuffer) {
    reply.array(10)
    reply.bulk(command.name)
    reply.integer(command.arity)
    let flags = Command.Flags.names.filter { command.flags.contains($0.0) }
    reply.set(flags.count)
    for (_, name) in flags { reply.status(name) }
    reply.integer(command.keys?.first ?? 0)
    reply.integer(command.keys?.last ?? 0)
    reply.integer(command.keys?.step ?? 0)
    let categories = command.allCategories
    reply.set(categories.count)
    for category in categories { reply.status("@\(category)") }
    reply.set(command.tips.count)
    for tip in command.tips { reply.bulk(tip) }
    if let keys = command.keys { describe(keys, &reply) } else { reply.set(0) }
    if command.subcommands.isEmpty { reply.set(0) } else { reply.array(command.subcommands.count) }
    for subcommand in command.subcommands { describe(subcommand, &reply) }
  }

  /// Answers with a specification of keys: the first position, and the positions from there on.
  private static func describe(_ keys: Command.Keys, _ reply: inout ReplyBuffer) {
    reply.set(1)
    reply.map(keys.notes == nil ? 3 : 4)
    if let notes = keys.notes {
      reply.bulk("notes")
      reply.bulk(notes)
    }
    let usage = keys.usage.split(separator: " ").map(String.init)
    reply.bulk("flags")
    reply.set(usage.count)
    for word in usage { reply.status(word) }
    reply.bulk("begin_search")
    reply.map(["type": "index"], spec: [("index", keys.first)])
    reply.bulk("find_keys")
    let last = keys.last < 0 ? keys.last : keys.last - keys.first
    reply.map(["type": "range"], spec: [("lastkey", last), ("keystep", keys.step), ("limit", 0)])
  }

  private static func document(_ command: Command, _ reply: inout ReplyBuffer) {
    let items = Syntax.items(of: command.syntax)
    let isContainer = !command.subcommands.isEmpty
    reply.bulk(command.name)
    reply.map(4 + (items.isEmpty ? 0 : 1) + (isContainer ? 1 : 0))
    reply.bulk("summary")
    reply.bulk(command.summary)
    reply.bulk("since")
    reply.bulk(command.since)
    reply.bulk("group")
    reply.bulk(command.group.rawValue)
    reply.bulk("complexity")
    reply.bulk(command.complexity)
    if !items.isEmpty {
      reply.bulk("arguments")
      reply.array(items.count)
      for item in items { item.write(to: &reply) }
    }
    if isContainer {
      reply.bulk("subcommands")
      reply.map(command.subcommands.count)
      for subcommand in command.subcommands { document(subcommand, &reply) }
    }
  }
}

extension ReplyBuffer {
  /// Answers with a map of a type and its specification, as in specifications of keys.
  fileprivate mutating func map(_ type: KeyValuePairs<String, String>, spec: [(String, Int)]) {
    map(2)
    for (key, value) in type {
      bulk(key)
      bulk(value)
    }
    bulk("spec")
    map(spec.count)
    for (key, value) in spec {
      bulk(key)
      integer(value)
    }
  }
}

extension CommandTable {
  /// A command by its name, or a subcommand by both names: `client|id`.
  func find(byFullName name: Bytes) -> Int? {
    let name = String(decoding: name.array.map(lowercased), as: UTF8.self)
    return fullNames.firstIndex(of: name)
  }
}

extension Command {
  var subcommands: [Command] { if case .subcommands(let commands, _) = body { commands } else { [] } }

  /// The categories of access control lists, in the order of redis.
  var allCategories: [String] {
    var found = Set(categories)
    found.insert(flags.contains(.fast) ? "fast" : "slow")
    if flags.contains(.write) { found.insert("write") }
    if flags.contains(.readonly) { found.insert("read") }
    if flags.contains(.pubsub) { found.insert("pubsub") }
    if flags.contains(.admin) { found.formUnion(["admin", "dangerous"]) }
    switch group {
    case .generic: found.insert("keyspace")
    case .sortedSet: found.insert("sortedset")
    case .connection: if subcommands.isEmpty { found.insert("connection") }
    case .transactions: found.insert("transaction")
    case .server, .pubsub: break
    default: found.insert(group.rawValue)
    }
    let order = [
      "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "stream", "pubsub", "admin", "fast",
      "slow", "dangerous", "connection", "transaction",
    ]
    return order.filter(found.contains)
  }
}
