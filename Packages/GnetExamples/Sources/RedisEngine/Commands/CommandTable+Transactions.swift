internal import Synchronization

extension CommandTable {
  /// Queues a request for a transaction, and refuses commands that a subscriber may not use.
  ///
  /// - Returns: whether nothing is left to do for the request.
  func intercept(_ place: Int, _ arguments: Arguments, _ context: inout Context) throws(ReplyError) -> Bool {
    let modes = context.client.modes
    let command = commands[place]
    // A subcommand follows.
    if case .subcommands = command.body, arguments.count > 1 { return false }
    if modes.contains(.subscriber), !modes.contains(.resp3), !command.flags.contains(.forSubscribers) {
      throw ReplyError(
        "ERR Can't execute '\(command.name)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
      )
    }
    guard modes.contains(.transaction), !command.flags.contains(.neverQueued) else { return false }
    let byteCount = context.client.transaction.withLock { transaction in
      transaction.add(Transaction.Request(place, arguments))
      return transaction.byteCount
    }
    context.reply.status("QUEUED")
    if byteCount > Session.inputLimit { context.isClosing = true }
    return true
  }

  /// The answer to a request that was refused: a transaction fails by it.
  func refusal(_ error: ReplyError, of name: Bytes, _ context: borrowing Context) -> ReplyError {
    guard name.isWord("exec") else {
      if context.client.modes.contains(.transaction) { context.client.transaction.withLock { $0.hasFailed = true } }
      return error
    }
    context.client.takeTransaction().unwatch(in: context.keyspace)
    let reason = String(decoding: error.text, as: UTF8.self)
    return ReplyError(
      "EXECABORT Transaction discarded because of: \(reason.hasPrefix("ERR ") ? String(reason.dropFirst(4)) : reason)")
  }

  /// Runs a queued request, with the locks of its keys held.
  func run(
    _ place: Int, _ arguments: Arguments, _ locked: Keyspace.Locked, _ context: inout Context
  ) {
    do throws(ReplyError) {
      switch commands[place].body {
      case .onKey(let handler):
        let key = arguments.key(1)
        try locked.withDatabase(context.database, of: key) { (database) throws(ReplyError) in
          try handler(arguments, &database, &context)
        }
      case .plain(let handler), .subcommands(_, .some(let handler)):
        try handler(arguments, &context)
      case .subcommands(_, nil): break
      }
    } catch {
      context.reply.error(error)
    }
  }
}

extension Command {
  /// The shards of the keys among the arguments. A command without keys may look at all.
  func shards(_ arguments: Arguments) -> Keyspace.Shards {
    guard let keys else { return Keyspace.allShards }
    let last = keys.last < 0 ? arguments.count + keys.last : keys.last
    return arguments.shards(from: keys.first, through: last, step: keys.step)
  }
}
