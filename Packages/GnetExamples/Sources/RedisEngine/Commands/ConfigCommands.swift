/// The subcommands of CONFIG.
let configCommands: [Command] = [
  Command(
    "config|get", -3, [.admin, .noscript, .loading, .stale], .server, since: "2.0.0", cost: "O(N)", "parameter...",
    "Answers with the parameters that match patterns, and their values.", .plain(ConfigCommands.get)),
  Command(
    "config|set", -4, [.admin, .noscript, .loading, .stale], .server,
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], since: "2.0.0", cost: "O(N)",
    "{parameter value}...", "Accepts the values that parameters have; others are refused.",
    .plain(ConfigCommands.set)),
  Command(
    "config|rewrite", 2, [.admin, .noscript, .loading, .stale], .server, since: "2.8.0", "",
    "Answers that there is no file of the configuration.",
    .plain { _, _ throws(ReplyError) in throw ReplyError("ERR The server is running without a config file") }),
  helpCommand(for: "config"),
]

enum ConfigCommands {
  /// A parameter that programs ask for. Its value stays as it is.
  private struct Parameter {
    let name: String
    let value: String
    /// Whether redis does not change the parameter either.
    var isImmutable = false
  }

  private static let parameters = [
    Parameter(name: "appendonly", value: "no"),
    Parameter(name: "bind", value: ""),
    Parameter(name: "client-output-buffer-limit", value: "normal 0 0 0 slave 0 0 0 pubsub \(Inbox.limit) 0 0"),
    Parameter(name: "databases", value: "\(Keyspace.databaseCount)", isImmutable: true),
    Parameter(name: "maxmemory", value: "0"),
    Parameter(name: "maxmemory-policy", value: "noeviction"),
    Parameter(name: "notify-keyspace-events", value: ""),
    Parameter(name: "proto-max-bulk-len", value: "\(RequestParser.bulkLimit)"),
    Parameter(name: "requirepass", value: ""),
    Parameter(name: "save", value: ""),
    Parameter(name: "timeout", value: "0"),
  ]

  static func get(_ arguments: Arguments, _ context: inout Context) {
    // A parameter is told once: in the spelling that asked for it, or in its own if a pattern did.
    var found: [String: [UInt8]] = [:]
    for index in 2..<arguments.count {
      let asked = arguments[index].array
      let pattern = asked.map(lowercased)
      let isName = !pattern.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
      for parameter in parameters where found[parameter.name] == nil {
        let bytes = Array(parameter.name.utf8)
        if isName ? pattern == bytes : matches(pattern.span, bytes.span) {
          found[parameter.name] = isName ? asked : bytes
        }
      }
    }
    context.reply.map(found.count)
    for parameter in parameters {
      guard let told = found[parameter.name] else { continue }
      context.reply.bulk(told)
      context.reply.bulk(parameter.value)
    }
  }

  static func set(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    if arguments.count % 2 == 1 { throw .syntax }
    var seen: Set<String> = []
    var pairs: [(Parameter, value: [UInt8])] = []
    for index in stride(from: 2, to: arguments.count, by: 2) {
      let given = arguments[index].array
      let name = String(decoding: given.map(lowercased), as: UTF8.self)
      guard let parameter = parameters.first(where: { $0.name == name }) else {
        throw ReplyError(
          quoting: Array("ERR Unknown option or number of arguments for CONFIG SET - '".utf8) + given
            + [UInt8(ascii: "'")])
      }
      if parameter.isImmutable { throw failure(given, "can't set immutable config") }
      if !seen.insert(name).inserted { throw failure(given, "duplicate parameter") }
      pairs.append((parameter, arguments[index + 1].array))
    }
    for (parameter, value) in pairs where value != Array(parameter.value.utf8) {
      throw failure(Array(parameter.name.utf8), "this server has no other value than '\(parameter.value)'")
    }
    context.reply.ok()
  }

  private static func failure(_ name: [UInt8], _ reason: String) -> ReplyError {
    ReplyError(
      quoting: Array("ERR CONFIG SET failed (possibly related to argument '".utf8) + name + Array("') - \(reason)".utf8)
    )
  }
}
