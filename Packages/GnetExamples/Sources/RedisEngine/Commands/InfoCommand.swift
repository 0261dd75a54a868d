internal import Gnet

/// INFO: the figures that tools read, under the names that redis has for them.
enum InfoCommand {
  private typealias Section = (name: String, lines: [String])

  static func info(_ arguments: Arguments, _ context: inout Context) {
    var wanted: Set<String> = []
    for index in 1..<max(1, arguments.count) {
      wanted.insert(String(decoding: arguments[index].array.map(lowercased), as: UTF8.self))
    }
    let isAll = wanted.isEmpty || !wanted.isDisjoint(with: ["default", "all", "everything"])
    var text = ""
    for (name, lines) in sections(context.engine, held: context.held) where isAll || wanted.contains(name.lowercased())
    {
      if !text.isEmpty { text += "\r\n" }
      text += "# \(name)\r\n"
      for line in lines { text += line + "\r\n" }
    }
    context.reply.verbatim(Array(text.utf8))
  }

  private static func sections(_ engine: Engine, held: Keyspace.Shards) -> [Section] {
    let counts = (0..<Keyspace.databaseCount).map { engine.keyspace.counts(of: $0, held: held) }
    let expired = counts.reduce(0) { $0 + $1.expired }
    return [
      ("Server", server(engine)),
      ("Clients", clients(engine)),
      ("Memory", memory(engine)),
      // Nothing is kept on disk.
      ("Persistence", ["loading:0", "rdb_bgsave_in_progress:0", "aof_enabled:0", "aof_rewrite_in_progress:0"]),
      ("Stats", statistics(engine, expired: expired)),
      ("Replication", ["role:master", "connected_slaves:0"]),
      ("CPU", processor),
      ("Cluster", ["cluster_enabled:0"]),
      (
        "Keyspace",
        counts.enumerated().filter { $0.element.keys > 0 }.map {
          "db\($0.offset):keys=\($0.element.keys),expires=\($0.element.expiring),avg_ttl=0"
        }
      ),
    ]
  }

  private static func server(_ engine: Engine) -> [String] {
    let uptime = Clock.seconds - engine.startedAt
    return [
      "redis_version:\(Engine.compatibleVersion)", "redis_mode:standalone", "arch_bits:\(Int.bitWidth)",
      "multiplexing_api:gnet", "process_id:\(Platform.processID)", "run_id:\(engine.runID)",
      "tcp_port:\(engine.server?.addresses.lazy.compactMap(\.port).first ?? 0)",
      "io_threads_active:\((engine.server?.loopCount ?? 1) > 1 ? 1 : 0)", "uptime_in_seconds:\(uptime)",
      "uptime_in_days:\(uptime / 86_400)",
    ]
  }

  private static func clients(_ engine: Engine) -> [String] {
    let all = engine.clients.all
    return [
      "connected_clients:\(all.count)", "blocked_clients:0",
      "pubsub_clients:\(all.count { $0.modes.contains(.subscriber) })",
    ]
  }

  private static func memory(_ engine: Engine) -> [String] {
    let used = Platform.allocatedBytes
    let peak = engine.figures.notePeak(used)
    return [
      "used_memory:\(used)", "used_memory_human:\(human(used))", "used_memory_peak:\(peak)",
      "used_memory_peak_human:\(human(peak))", "maxmemory:0", "maxmemory_human:0B", "maxmemory_policy:noeviction",
      "mem_allocator:libc",
    ]
  }

  private static func statistics(_ engine: Engine, expired: Int) -> [String] {
    let loops = engine.server?.loops.map(\.statistics) ?? []
    func sum(_ field: KeyPath<LoopStatistics, UInt64>) -> UInt64 { loops.reduce(0) { $0 + $1[keyPath: field] } }
    return [
      "total_connections_received:\(sum(\.connectionsOpened))", "total_commands_processed:\(engine.commandCount)",
      "instantaneous_ops_per_sec:\(engine.figures.commandsPerSecond)", "total_net_input_bytes:\(sum(\.bytesRead))",
      "total_net_output_bytes:\(sum(\.bytesWritten))", "expired_keys:\(expired)", "evicted_keys:0",
      "pubsub_channels:\(engine.channels.active.count)", "pubsub_patterns:\(engine.channels.patternCount)",
    ]
  }

  private static var processor: [String] {
    let (user, system) = Platform.processorSeconds
    return ["used_cpu_sys:\(system)", "used_cpu_user:\(user)"]
  }

  /// A number of bytes as people read it, with two digits behind the point.
  private static func human(_ byteCount: Int) -> String {
    let units = ["B", "K", "M", "G", "T"]
    let unit = min(units.count - 1, (Int.bitWidth - 1 - max(1, byteCount).leadingZeroBitCount) / 10)
    if unit == 0 { return "\(byteCount)B" }
    let hundredths = (byteCount * 100) >> (10 * unit)
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)\(units[unit])"
  }
}
