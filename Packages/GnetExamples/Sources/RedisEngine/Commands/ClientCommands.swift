internal import Synchronization

/// The subcommands of CLIENT.
let clientCommands: [Command] = [
  Command(
    "client|id", 2, [.noscript, .loading, .stale], .connection, since: "5.0.0", "",
    "Answers with the number of this client.",
    .plain { _, context in context.reply.integer(context.client.id) }),
  Command(
    "client|getname", 2, [.noscript, .loading, .stale], .connection, since: "2.6.9", "",
    "Answers with the name that this client has given itself.",
    .plain { _, context in
      let name = context.client.names.withLock { $0.name }
      if name.isEmpty { context.reply.null() } else { context.reply.bulk(name) }
    }),
  Command(
    "client|setname", 3, [.noscript, .loading, .stale], .connection, since: "2.6.9", "connection-name",
    "Gives this client a name.", .plain(ClientCommands.setName)),
  Command(
    "client|setinfo", 4, [.noscript, .loading, .stale], .connection, since: "7.2.0",
    "{LIB-NAME libname|LIB-VER libver}", "Says which library this client uses.", .plain(ClientCommands.setInfo)),
  Command(
    "client|info", 2, [.noscript, .loading, .stale], .connection, tips: ["nondeterministic_output"], since: "6.2.0",
    "", "Answers with what is known of this client.",
    .plain { _, context in context.reply.bulk(context.client.line + [UInt8(ascii: "\n")]) }),
  Command(
    "client|list", -2, [.admin, .noscript, .loading, .stale], .connection, tips: ["nondeterministic_output"],
    since: "2.4.0", cost: "O(N)", "[TYPE {NORMAL|MASTER|REPLICA|PUBSUB}] [ID client-id:integer...]",
    "Answers with what is known of all clients, or of some.", .plain(ClientCommands.list)),
  helpCommand(for: "client"),
]

enum ClientCommands {
  /// The bytes as a name, without spaces: those separate the fields of CLIENT LIST.
  static func checkedName(
    _ bytes: Bytes, orThrow what: String = "Client names"
  ) throws(ReplyError) -> [UInt8] {
    let name = bytes.array
    if name.contains(where: { $0 < UInt8(ascii: "!") || $0 > UInt8(ascii: "~") }) {
      throw ReplyError("ERR \(what) cannot contain spaces, newlines or special characters.")
    }
    return name
  }

  static func setName(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    let name = try checkedName(arguments[2])
    context.client.names.withLock { $0.name = name }
    context.reply.ok()
  }

  static func setInfo(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    if arguments[2].isWord("lib-name") {
      let name = try checkedName(arguments[3], orThrow: "lib-name")
      context.client.names.withLock { $0.libraryName = name }
    } else if arguments[2].isWord("lib-ver") {
      let version = try checkedName(arguments[3], orThrow: "lib-ver")
      context.client.names.withLock { $0.libraryVersion = version }
    } else {
      throw ReplyError(
        quoting: Array("ERR Unrecognized option '".utf8) + arguments[2].array + [UInt8(ascii: "'")])
    }
    context.reply.ok()
  }

  static func list(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    var wanted: Set<Int>?
    if arguments.count == 4, arguments[2].isWord("type") {
      let isKnown =
        arguments[3].isWord("normal") || arguments[3].isWord("master") || arguments[3].isWord("replica")
        || arguments[3].isWord("slave") || arguments[3].isWord("pubsub")
      guard isKnown else {
        throw ReplyError(
          quoting: Array("ERR Unknown client type '".utf8) + arguments[3].array + [UInt8(ascii: "'")])
      }
      // All clients here are normal ones.
      if !arguments[3].isWord("normal") { wanted = [] }
    } else if arguments.count > 3, arguments[2].isWord("id") {
      var ids: Set<Int> = []
      for index in 3..<arguments.count {
        guard let id = arguments[index].integer else { throw ReplyError("ERR Invalid client ID") }
        ids.insert(id)
      }
      wanted = ids
    } else if arguments.count != 2 {
      throw .syntax
    }
    var lines: [UInt8] = []
    for client in context.engine.clients.all where wanted?.contains(client.id) ?? true {
      lines += client.line + [UInt8(ascii: "\n")]
    }
    context.reply.bulk(lines)
  }
}
