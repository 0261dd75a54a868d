internal import Synchronization

/// Commands on transactions.
let transactionCommands: [Command] = [
  Command(
    "multi", 1, [.noscript, .loading, .stale, .fast, .allowBusy, .neverQueued], .transactions, since: "1.2.0", "",
    "Begins a transaction: the requests that follow are queued.", .plain(TransactionCommands.multi)),
  Command(
    "exec", 1, [.noscript, .loading, .stale, .skipSlowlog, .neverQueued], .transactions, since: "1.2.0",
    cost: "Depends on the queued commands.", "",
    "Runs the queued requests at one moment for all clients, unless a watched key has changed.",
    .plain(TransactionCommands.exec)),
  Command(
    "discard", 1, [.noscript, .loading, .stale, .fast, .allowBusy, .neverQueued], .transactions, since: "2.0.0",
    cost: "O(N)", "", "Ends a transaction without running its requests.", .plain(TransactionCommands.discard)),
  Command(
    "watch", -2, [.noscript, .loading, .stale, .fast, .allowBusy, .neverQueued], .transactions, keys: .all("RO"),
    since: "2.2.0", cost: "O(1) for each key.", "key...",
    "Watches keys: the next EXEC does nothing if one of them has changed.", .plain(TransactionCommands.watch)),
  Command(
    "unwatch", 1, [.noscript, .loading, .stale, .fast, .allowBusy], .transactions, since: "2.2.0", "",
    "Watches no keys any more.", .plain(TransactionCommands.unwatch)),
]

enum TransactionCommands {
  // The errors of these commands are answers: a command that throws is one that a transaction refuses.

  static func multi(_ arguments: Arguments, _ context: inout Context) {
    guard !context.client.modes.contains(.transaction) else {
      return context.reply.error(ReplyError("ERR MULTI calls can not be nested"))
    }
    context.client.modes.insert(.transaction)
    context.reply.ok()
  }

  static func discard(_ arguments: Arguments, _ context: inout Context) {
    guard context.client.modes.contains(.transaction) else {
      return context.reply.error(ReplyError("ERR DISCARD without MULTI"))
    }
    context.client.takeTransaction().unwatch(in: context.keyspace)
    context.reply.ok()
  }

  static func watch(_ arguments: Arguments, _ context: inout Context) {
    guard !context.client.modes.contains(.transaction) else {
      return context.reply.error(ReplyError("ERR WATCH inside MULTI is not allowed"))
    }
    let database = context.database
    context.keyspace.withShards(arguments.shards()) { locked in
      context.client.transaction.withLock { transaction in
        for index in 1..<arguments.count {
          let key = arguments.key(index)
          let watched = Transaction.WatchedKey(database: database, bytes: key.bytes.array, hash: key.hash)
          transaction.watch(watched, locked)
        }
      }
    }
    context.reply.ok()
  }

  static func unwatch(_ arguments: Arguments, _ context: inout Context) {
    context.client.takeTransaction().unwatch(in: context.keyspace)
    context.reply.ok()
  }

  static func exec(_ arguments: Arguments, _ context: inout Context) {
    guard context.client.modes.contains(.transaction) else {
      return context.reply.error(ReplyError("ERR EXEC without MULTI"))
    }
    let transaction = context.client.takeTransaction()
    if transaction.hasFailed {
      transaction.unwatch(in: context.keyspace)
      return context.reply.error(ReplyError("EXECABORT Transaction discarded because of previous errors."))
    }
    let table = CommandTable.shared
    var shards = transaction.watchedShards
    for request in transaction.requests { shards |= table.commands[request.place].shards(request.arguments) }
    context.keyspace.withShards(shards) { locked in
      transaction.unwatch(locked)
      if transaction.hasSeenChange { return context.reply.nullArray() }
      context.reply.array(transaction.requests.count)
      context.held = shards
      for request in transaction.requests {
        table.run(request.place, request.arguments, locked, &context)
      }
      context.held = 0
    }
  }
}
