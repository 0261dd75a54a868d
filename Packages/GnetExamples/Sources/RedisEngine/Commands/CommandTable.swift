/// Finds commands by name, and runs them.
struct CommandTable: Sendable {
  static let shared = CommandTable(
    connectionCommands + stringCommands + keyCommands + listCommands + setCommands + hashCommands + sortedSetCommands
      + streamCommands + transactionCommands + pubSubCommands + serverCommands)

  /// The commands, each followed by its subcommands.
  let commands: [Command]
  /// The names of `commands`, in an array of their own: every request needs them.
  let fullNames: [String]
  /// The commands without subcommands.
  let topLevel: [Int]
  /// The positions in `commands` by the hash of the name; -1 for none. Collisions go to the next slot.
  private var slots = [Int](repeating: -1, count: 256)
  private var words: [NameWords] = []

  /// A name of up to 16 bytes in lower case, as two numbers, which are cheaper to hash and compare than text.
  private struct NameWords: Equatable {
    var low: UInt64 = 0
    var high: UInt64 = 0
    /// The length, which differs between a name and the same name with zero bytes behind it.
    let count: Int

    init?(_ name: Bytes) {
      guard name.count <= 16 else { return nil }
      count = name.count
      for index in 0..<name.count {
        let byte = UInt64(lowercased(name[index]))
        if index < 8 { low |= byte << (8 * index) } else { high |= byte << (8 * (index - 8)) }
      }
    }

    /// Multiplicative hashing. The names are the program's own, so nobody can choose colliding ones.
    var slot: Int { Int(truncatingIfNeeded: ((low ^ high &* 31) &* 0x9E37_79B9_7F4A_7C15) >> 56) }
  }

  init(_ topLevel: [Command]) {
    var commands: [Command] = []
    var places: [Int] = []
    for command in topLevel {
      places.append(commands.count)
      commands.append(command)
      if case .subcommands(let more, _) = command.body { commands += more }
    }
    self.commands = commands
    self.topLevel = places
    fullNames = commands.map(\.name)
    for place in commands.indices {
      let text = Array(commands[place].name.utf8)
      guard let name = NameWords(text.span) else {
        preconditionFailure("\(commands[place].name): too long a name")
      }
      words.append(name)
      guard !commands[place].name.contains("|") else { continue }
      var slot = name.slot
      while slots[slot] >= 0 { slot = (slot + 1) & 255 }
      slots[slot] = place
    }
  }

  /// The position of a command by its name, in any case.
  func find(_ name: Bytes) -> Int? {
    guard let wanted = NameWords(name) else { return nil }
    var slot = wanted.slot
    while slots[slot] >= 0 {
      if words[slots[slot]] == wanted { return slots[slot] }
      slot = (slot + 1) & 255
    }
    return nil
  }

  /// The position of a subcommand of the command at `place`.
  func find(_ name: Bytes, below place: Int) -> Int? {
    let prefix = commands[place].name + "|"
    let full = prefix + String(decoding: name.array.map(lowercased), as: UTF8.self)
    return commands[(place + 1)...].prefix { $0.name.hasPrefix(prefix) }.firstIndex { $0.name == full }
  }

  /// Runs a request, and appends its answer or an error to the reply.
  func run(_ arguments: Arguments, _ context: inout Context) {
    do throws(ReplyError) {
      try runOrThrow(arguments, &context)
    } catch {
      context.reply.error(refusal(error, of: arguments[0], context))
    }
  }

  private func runOrThrow(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    guard let place = find(arguments[0]) else {
      // A client that speaks HTTP may be a browser under the control of a stranger, so nothing may run.
      if arguments[0].isWord("post") || arguments[0].isWord("host:") {
        context.isClosing = true
        return
      }
      throw Self.unknown(arguments)
    }
    try run(place, arguments, &context)
  }

  private func run(_ place: Int, _ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    guard commands[place].accepts(argumentCount: arguments.count) else { throw .argumentCount(fullNames[place]) }
    if !context.client.modes.isEmpty, try intercept(place, arguments, &context) { return }
    switch commands[place].body {
    case .onKey(let handler):
      context.client.noteCommand(place)
      var arguments = arguments
      let hash = arguments.hashFirstKey()
      try context.keyspace.withDatabase(context.database, ofHash: hash) { (database) throws(ReplyError) in
        try handler(arguments, &database, &context)
      }
    case .plain(let handler):
      context.client.noteCommand(place)
      try handler(arguments, &context)
    case .subcommands(_, let alone):
      guard arguments.count > 1 else {
        context.client.noteCommand(place)
        try alone?(arguments, &context)
        return
      }
      guard let below = find(arguments[1], below: place) else {
        throw Self.unknownSubcommand(arguments[1], of: fullNames[place])
      }
      try run(below, arguments, &context)
    }
  }

  /// Quotes arguments as redis does: 128 bytes in all, and each argument up to its first zero byte.
  private static func unknown(_ arguments: Arguments) -> ReplyError {
    var quoted: [UInt8] = []
    for index in 1..<max(1, arguments.count) where quoted.count < 128 {
      quoted += Array("'".utf8) + text(arguments[index], limit: 128 - quoted.count) + Array("' ".utf8)
    }
    return ReplyError(
      quoting: Array("ERR unknown command '".utf8) + text(arguments[0], limit: 128)
        + Array("', with args beginning with: ".utf8) + quoted)
  }

  private static func unknownSubcommand(_ name: Bytes, of command: String) -> ReplyError {
    ReplyError(
      quoting: Array("ERR unknown subcommand '".utf8) + text(name, limit: 128)
        + Array("'. Try \(command.uppercased()) HELP.".utf8))
  }

  private static func text(_ bytes: Bytes, limit: Int) -> [UInt8] { bytes.array.prefix(limit).prefix { $0 != 0 } }
}
