internal import Synchronization

/// Commands on the connection itself.
let connectionCommands: [Command] = [
  Command(
    "ping", -1, .fast, .connection, tips: ["request_policy:all_shards", "response_policy:all_succeeded"], "[message]",
    "Answers with PONG, or with the message.", .plain(ConnectionCommands.ping)),
  Command(
    "echo", 2, [.loading, .stale, .fast], .connection, "message", "Answers with the message.",
    .plain { arguments, context in context.reply.bulk(arguments[1]) }),
  Command(
    "select", 2, [.loading, .stale, .fast], .connection, "index:integer", "Selects a database, by number.",
    .plain(ConnectionCommands.select)),
  Command(
    "quit", -1, [.noscript, .loading, .stale, .fast, .noAuth, .allowBusy], .connection, "",
    "Closes the connection.",
    .plain { _, context in
      context.reply.ok()
      context.isClosing = true
    }),
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
    if arguments.count == 2 { context.reply.bulk(arguments[1]) } else { context.reply.status("PONG") }
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

  static func hello(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    var name: [UInt8]?
    if arguments.count > 1 {
      guard let version = arguments[1].integer else {
        throw ReplyError("ERR Protocol version is not an integer or out of range")
      }
      guard version == 2 else { throw ReplyError("NOPROTO unsupported protocol version") }
      var index = 2
      while index < arguments.count {
        let following = arguments.count - index - 1
        if arguments[index].isWord("auth"), following >= 2 {
          // There are no passwords: any password is right for the default user.
          guard arguments[index + 1].isWord("default") else {
            throw ReplyError("WRONGPASS invalid username-password pair or user is disabled.")
          }
          index += 2
        } else if arguments[index].isWord("setname"), following >= 1 {
          name = try ClientCommands.checkedName(arguments[index + 1])
          index += 1
        } else {
          throw ReplyError(
            quoting: Array("ERR Syntax error in HELLO option '".utf8) + arguments[index].array + [UInt8(ascii: "'")])
        }
        index += 1
      }
    }
    if let name { context.client.names.withLock { $0.name = name } }
    context.reply.array(14)
    context.reply.bulk("server")
    context.reply.bulk("redis")
    context.reply.bulk("version")
    context.reply.bulk(Engine.compatibleVersion)
    context.reply.bulk("proto")
    context.reply.integer(2)
    context.reply.bulk("id")
    context.reply.integer(context.client.id)
    context.reply.bulk("mode")
    context.reply.bulk("standalone")
    context.reply.bulk("role")
    context.reply.bulk("master")
    context.reply.bulk("modules")
    context.reply.array(0)
  }
}
