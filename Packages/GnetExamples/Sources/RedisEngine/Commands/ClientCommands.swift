internal import Gnet
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
    .plain { _, context in context.reply.verbatim(context.client.line + [UInt8(ascii: "\n")]) }),
  Command(
    "client|list", -2, [.admin, .noscript, .loading, .stale], .connection, tips: ["nondeterministic_output"],
    since: "2.4.0", cost: "O(N)", "[TYPE {NORMAL|MASTER|REPLICA|PUBSUB}] [ID client-id:integer...]",
    "Answers with what is known of all clients, or of some.", .plain(ClientCommands.list)),
  Command(
    "client|kill", -3, [.admin, .noscript, .loading, .stale], .connection, since: "2.4.0", cost: "O(N)",
    "{address|{[ID client-id:integer]|[TYPE {NORMAL|MASTER|REPLICA|PUBSUB}]|[USER username]|[ADDR address]|[LADDR address]|[SKIPME {YES|NO}]}...}",
    "Disconnects clients.", .plain(ClientCommands.kill)),
  Command(
    "client|no-evict", 3, [.admin, .noscript, .loading, .stale], .connection, since: "7.0.0", "{ON|OFF}",
    "Protects this client from eviction; none is ever evicted.", .plain(ClientCommands.onOrOff)),
  Command(
    "client|no-touch", 3, [.noscript, .loading, .stale], .connection, since: "7.2.0", "{ON|OFF}",
    "Has commands of this client not count as uses of keys; no uses are counted.", .plain(ClientCommands.onOrOff)),
  helpCommand(for: "client", .connection),
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

  /// The answer to a switch without an effect here.
  static func onOrOff(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    guard arguments[2].isWord("on") || arguments[2].isWord("off") else { throw .syntax }
    context.reply.ok()
  }

  static func list(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    var filter = ClientFilter()
    if arguments.count == 4, arguments[2].isWord("type") {
      filter.type = try ClientFilter.type(arguments[3])
    } else if arguments.count > 3, arguments[2].isWord("id") {
      var ids: Set<Int> = []
      for index in 3..<arguments.count {
        guard let id = arguments[index].integer else { throw ReplyError("ERR Invalid client ID") }
        ids.insert(id)
      }
      filter.ids = ids
    } else if arguments.count != 2 {
      throw .syntax
    }
    var lines: [UInt8] = []
    for client in context.engine.clients.all where filter.matches(client) {
      lines += client.line + [UInt8(ascii: "\n")]
    }
    context.reply.verbatim(lines)
  }

  static func kill(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    // With an address alone, a client can disconnect itself.
    let isOldForm = arguments.count == 3
    var filter = ClientFilter()
    var skipsOwn = !isOldForm
    if isOldForm {
      filter.address = arguments[2].array
    } else {
      for index in stride(from: 2, to: arguments.count, by: 2) {
        guard index + 1 < arguments.count else { throw .syntax }
        let value = arguments[index + 1]
        if arguments[index].isWord("skipme") {
          guard value.isWord("yes") || value.isWord("no") else { throw .syntax }
          skipsOwn = value.isWord("yes")
        } else {
          try filter.add(arguments[index], value)
        }
      }
    }
    let found = context.engine.clients.all.filter { filter.matches($0) && !(skipsOwn && $0 === context.client) }
    for client in found {
      if client === context.client { context.isClosing = true } else { client.handle?.abort() }
    }
    if !isOldForm { return context.reply.integer(found.count) }
    if found.isEmpty { throw ReplyError("ERR No such client") }
    context.reply.ok()
  }
}
