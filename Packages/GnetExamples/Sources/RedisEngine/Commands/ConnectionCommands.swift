internal import Synchronization

/// Commands on the connection itself.
let connectionCommands: [Command] = [
  Command(
    "ping", -1, [.fast, .forSubscribers], .connection,
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"], "[message]",
    "Answers with PONG, or with the message.", .plain(ConnectionCommands.ping)),
  Command(
    "echo", 2, [.loading, .stale, .fast], .connection, "message", "Answers with the message.",
    .plain { arguments, context in context.reply.bulk(arguments[1]) }),
  Command(
    "select", 2, [.loading, .stale, .fast], .connection, "index:integer", "Selects a database, by number.",
    .plain(ConnectionCommands.select)),
  Command(
    "quit", -1,
    [.noscript, .loading, .stale, .fast, .noAuth, .allowBusy, .forSubscribers, .neverQueued], .connection, "",
    "Closes the connection.",
    .plain { _, context in
      context.reply.ok()
      context.isClosing = true
    }),
  Command(
    "reset", 1,
    [.noscript, .loading, .stale, .fast, .noAuth, .allowBusy, .forSubscribers, .neverQueued], .connection,
    since: "6.2.0", "", "Makes the connection as it was at its start.", .plain(ConnectionCommands.reset)),
  Command(
    "auth", -2, [.noscript, .loading, .stale, .fast, .noAuth, .allowBusy], .connection, cost: "O(N)",
    "[username] password", "Authenticates this client; there are no passwords.", .plain(ConnectionCommands.auth)),
  Command(
    "hello", -1, [.noscript, .loading, .stale, .fast, .noAuth, .allowBusy], .connection, since: "6.0.0",
    "[protover:integer [AUTH username password] [SETNAME clientname]]",
    "Agrees on a version of the protocol, and answers who is there.", .plain(ConnectionCommands.hello)),
  Command(
    "client", -2, [], .connection, since: "2.4.0", cost: "Depends on the subcommand.", "",
    "Commands about clients.", .subcommands(clientCommands, alone: nil)),
]

enum ConnectionCommands {
  static func ping(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    if arguments.count > 2 { throw .argumentCount("ping") }
    let modes = context.client.modes
    if modes.contains(.subscriber), !modes.contains(.resp3) {
      context.reply.array(2)
      context.reply.bulk("pong")
      if arguments.count == 2 { context.reply.bulk(arguments[1]) } else { context.reply.bulk("") }
    } else if arguments.count == 2 {
      context.reply.bulk(arguments[1])
    } else {
      context.reply.status("PONG")
    }
  }

  static func select(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    let number = try arguments.integer(1)
    guard Int32(exactly: number) != nil else {
      throw ReplyError("ERR value is out of range, value must between \(Int32.min) and \(Int32.max)")
    }
    guard (0..<Keyspace.databaseCount).contains(number) else { throw ReplyError("ERR DB index is out of range") }
    context.client.selectedDatabase = number
    context.reply.ok()
  }

  static func reset(_ arguments: Arguments, _ context: inout Context) {
    let client = context.client
    context.engine.channels.unsubscribeAll(client)
    // Earlier published messages come first.
    client.inbox.take(into: &context.reply)
    client.takeTransaction().unwatch(in: context.keyspace)
    client.modes = []
    client.selectedDatabase = 0
    client.names.withLock { $0.name = [] }
    context.reply.isRESP3 = false
    context.reply.status("RESET")
  }

  /// Answers as a server does that has no passwords.
  static func auth(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    switch arguments.count {
    case 2:
      throw ReplyError(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
      )
    case 3:
      try authenticate(arguments[1])
      context.reply.ok()
    default: throw .syntax
    }
  }

  /// Any password is right for the default user, and there is no other.
  private static func authenticate(_ user: Bytes) throws(ReplyError) {
    guard user.equals(Array("default".utf8)) else {
      throw ReplyError("WRONGPASS invalid username-password pair or user is disabled.")
    }
  }

  static func hello(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    let client = context.client
    var isRESP3 = client.modes.contains(.resp3)
    if arguments.count > 1 {
      guard let version = arguments[1].integer else {
        throw ReplyError("ERR Protocol version is not an integer or out of range")
      }
      guard version == 2 || version == 3 else { throw ReplyError("NOPROTO unsupported protocol version") }
      isRESP3 = version == 3
      var index = 2
      while index < arguments.count {
        let following = arguments.count - index - 1
        if arguments[index].isWord("auth"), following >= 2 {
          try authenticate(arguments[index + 1])
          index += 2
        } else if arguments[index].isWord("setname"), following >= 1 {
          let name = try ClientCommands.checkedName(arguments[index + 1])
          client.names.withLock { $0.name = name }
          index += 1
        } else {
          throw ReplyError(
            quoting: Array("ERR Syntax error in HELLO option '".utf8) + arguments[index].array + [UInt8(ascii: "'")])
        }
        index += 1
      }
    }
    if isRESP3 { client.modes.insert(.resp3) } else { client.modes.remove(.resp3) }
    context.reply.isRESP3 = isRESP3
    context.reply.map(7)
    context.reply.bulk("server")
    context.reply.bulk("redis")
    context.reply.bulk("version")
    context.reply.bulk(Engine.compatibleVersion)
    context.reply.bulk("proto")
    context.reply.integer(isRESP3 ? 3 : 2)
    context.reply.bulk("id")
    context.reply.integer(client.id)
    context.reply.bulk("mode")
    context.reply.bulk("standalone")
    context.reply.bulk("role")
    context.reply.bulk("master")
    context.reply.bulk("modules")
    context.reply.array(0)
  }
}
