internal import Gnet

/// Commands on the server.
let serverCommands: [Command] = [
  Command(
    "info", -1, [.loading, .stale], .server, categories: ["dangerous"],
    tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"], "[section...]",
    "Answers with figures about the server.", .plain(ServerCommands.info)),
  Command(
    "config", -2, [], .server, since: "2.0.0", cost: "Depends on the subcommand.", "",
    "Commands about the configuration.",
    .subcommands(
      [
        Command(
          "config|get", -3, [.admin, .noscript, .loading, .stale], .server, since: "2.0.0", cost: "O(N)",
          "parameter...",
          "Answers with the parameters that match patterns, and their values.", .plain(ServerCommands.configGet)),
        helpCommand(for: "config"),
      ], alone: nil)),
  Command(
    "command", -1, [.loading, .stale], .server, categories: ["connection"], tips: ["nondeterministic_output_order"],
    since: "2.8.13", cost: "O(N)", "", "Answers with all commands.",
    .subcommands(commandCommands, alone: { _, context in CommandCommands.all(&context) })),
]

extension Engine {
  /// The version of redis that has the same replies.
  static let compatibleVersion = "7.0.15"
}

enum ServerCommands {
  /// Parameters that programs ask for. None of them can be changed.
  private static let parameters: [(name: String, value: String)] = [
    ("appendonly", "no"), ("bind", ""), ("databases", "\(Keyspace.databaseCount)"), ("maxmemory", "0"),
    ("maxmemory-policy", "noeviction"), ("proto-max-bulk-len", "\(RequestParser.bulkLimit)"), ("save", ""),
    ("timeout", "0"),
  ]

  static func configGet(_ arguments: Arguments, _ context: inout Context) {
    // A parameter is told once: in the spelling that asked for it, or in its own if a pattern did.
    var found: [String: [UInt8]] = [:]
    for index in 2..<arguments.count {
      let asked = arguments[index].array
      let pattern = asked.map(lowercased)
      let isName = !pattern.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
      for (name, _) in parameters where found[name] == nil {
        let bytes = Array(name.utf8)
        if isName ? pattern == bytes : matches(pattern.span, bytes.span) { found[name] = isName ? asked : bytes }
      }
    }
    context.reply.array(found.count * 2)
    for (name, value) in parameters {
      guard let told = found[name] else { continue }
      context.reply.bulk(told)
      context.reply.bulk(value)
    }
  }

  static func info(_ arguments: Arguments, _ context: inout Context) {
    var wanted: Set<String> = []
    for index in 1..<max(1, arguments.count) {
      wanted.insert(String(decoding: arguments[index].array.map(lowercased), as: UTF8.self))
    }
    let isAll = wanted.isEmpty || !wanted.isDisjoint(with: ["default", "all", "everything"])
    var text = ""
    for (name, lines) in sections(context.engine) where isAll || wanted.contains(name.lowercased()) {
      if !text.isEmpty { text += "\r\n" }
      text += "# \(name)\r\n"
      for line in lines { text += line + "\r\n" }
    }
    context.reply.bulk(text)
  }

  private static func sections(_ engine: Engine) -> [(String, [String])] {
    let statistics = engine.server?.loops.map(\.statistics) ?? []
    func sum(_ field: KeyPath<LoopStatistics, UInt64>) -> UInt64 { statistics.reduce(0) { $0 + $1[keyPath: field] } }
    let uptime = Clock.seconds - engine.startedAt
    return [
      (
        "Server",
        [
          "redis_version:\(Engine.compatibleVersion)", "redis_mode:standalone", "multiplexing_api:gnet",
          "io_threads_active:\(statistics.count > 1 ? 1 : 0)",
          "tcp_port:\(engine.server?.addresses.lazy.compactMap(\.port).first ?? 0)",
          "uptime_in_seconds:\(uptime)", "uptime_in_days:\(uptime / 86_400)",
        ]
      ),
      ("Clients", ["connected_clients:\(engine.clients.count)", "blocked_clients:0"]),
      (
        "Stats",
        [
          "total_connections_received:\(sum(\.connectionsOpened))",
          "total_commands_processed:\(engine.commandCount)", "total_net_input_bytes:\(sum(\.bytesRead))",
          "total_net_output_bytes:\(sum(\.bytesWritten))",
        ]
      ),
      ("Replication", ["role:master", "connected_slaves:0"]),
      ("Keyspace", keyspaceLines(engine.keyspace)),
    ]
  }

  private static func keyspaceLines(_ keyspace: Keyspace) -> [String] {
    (0..<Keyspace.databaseCount).compactMap { number in
      let (keys, expiring) = keyspace.counts(of: number)
      return keys == 0 ? nil : "db\(number):keys=\(keys),expires=\(expiring),avg_ttl=0"
    }
  }
}
