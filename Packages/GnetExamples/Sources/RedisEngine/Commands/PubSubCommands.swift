internal import RingBuffer
internal import Synchronization

/// Commands on channels.
let pubSubCommands: [Command] = [
  Command(
    "subscribe", -2, [.pubsub, .noscript, .loading, .stale, .forSubscribers], .pubsub, since: "2.0.0", cost: "O(N)",
    "channel...", "Subscribes this client to channels.",
    .plain { arguments, context in PubSubCommands.subscribe(arguments, &context, .channel) }),
  Command(
    "unsubscribe", -1, [.pubsub, .noscript, .loading, .stale, .forSubscribers], .pubsub, since: "2.0.0", cost: "O(N)",
    "[channel...]", "Ends subscriptions to channels, or to all.",
    .plain { arguments, context in PubSubCommands.unsubscribe(arguments, &context, .channel) }),
  Command(
    "psubscribe", -2, [.pubsub, .noscript, .loading, .stale, .forSubscribers], .pubsub, since: "2.0.0", cost: "O(N)",
    "pattern...", "Subscribes this client to all channels whose names match patterns.",
    .plain { arguments, context in PubSubCommands.subscribe(arguments, &context, .pattern) }),
  Command(
    "punsubscribe", -1, [.pubsub, .noscript, .loading, .stale, .forSubscribers], .pubsub, since: "2.0.0",
    cost: "O(N)", "[pattern...]", "Ends subscriptions to patterns, or to all.",
    .plain { arguments, context in PubSubCommands.unsubscribe(arguments, &context, .pattern) }),
  Command(
    "publish", 3, [.pubsub, .loading, .stale, .fast], .pubsub, since: "2.0.0", cost: "O(N+M)", "channel message",
    "Sends a message to the subscribers of a channel, and answers how many there are.",
    .plain(PubSubCommands.publish)),
  Command(
    "pubsub", -2, [], .pubsub, since: "2.8.0", cost: "Depends on the subcommand.", "", "Commands about channels.",
    .subcommands(
      [
        Command(
          "pubsub|channels", -2, [.pubsub, .loading, .stale], .pubsub, since: "2.8.0", cost: "O(N)", "[pattern]",
          "Answers with the channels that have subscribers.", .plain(PubSubCommands.channels)),
        Command(
          "pubsub|numsub", -2, [.pubsub, .loading, .stale], .pubsub, since: "2.8.0", cost: "O(N)", "[channel...]",
          "Answers how many subscribers channels have.", .plain(PubSubCommands.subscriberCounts)),
        Command(
          "pubsub|numpat", 2, [.pubsub, .loading, .stale], .pubsub, since: "2.8.0", "",
          "Answers how many patterns have subscribers.",
          .plain { _, context in context.reply.integer(context.engine.channels.patternCount) }),
        helpCommand(for: "pubsub", .pubsub),
      ], alone: nil)),
]

/// A message to subscribers: an array of strings, without the sign in front, which RESP2 and RESP3 have different.
func pushed(_ kind: StaticString, _ first: Bytes, _ second: Bytes, _ third: Bytes? = nil) -> [UInt8] {
  var reply = ReplyBuffer()
  reply.array(third == nil ? 3 : 4)
  reply.bulk("\(kind)")
  reply.bulk(first)
  reply.bulk(second)
  if let third { reply.bulk(third) }
  var message: [UInt8] = []
  reply.take {
    $0.discard(1)
    message = $0.readAll()
  }
  return message
}

enum PubSubCommands {
  static func subscribe(_ arguments: Arguments, _ context: inout Context, _ kind: SubscriptionKind) {
    for index in 1..<arguments.count {
      let name = arguments[index]
      let count = context.engine.channels.subscribe(context.client, kind, name)
      notify(kind == .channel ? "subscribe" : "psubscribe", name, count, &context)
    }
  }

  static func unsubscribe(_ arguments: Arguments, _ context: inout Context, _ kind: SubscriptionKind) {
    let word: StaticString = kind == .channel ? "unsubscribe" : "punsubscribe"
    func end(_ name: Bytes) {
      let count = context.engine.channels.unsubscribe(context.client, kind, name)
      // Earlier published messages come first.
      context.client.inbox.take(into: &context.reply)
      notify(word, name, count, &context)
    }
    if arguments.count > 1 {
      for index in 1..<arguments.count { end(arguments[index]) }
      return
    }
    let names = context.engine.channels.names(of: context.client, kind)
    for name in names { end(name.span) }
    if names.isEmpty { notify(word, nil, context.client.subscriptions.withLock { $0.count }, &context) }
  }

  private static func notify(_ word: StaticString, _ name: Bytes?, _ count: Int, _ context: inout Context) {
    context.reply.push(3)
    context.reply.bulk("\(word)")
    if let name { context.reply.bulk(name) } else { context.reply.null() }
    context.reply.integer(count)
  }

  static func publish(_ arguments: Arguments, _ context: inout Context) {
    let count = context.engine.channels.publish(arguments[2], to: arguments[1])
    // The message comes before the answer if this client is a subscriber itself.
    if context.client.modes.contains(.subscriber) { context.client.inbox.take(into: &context.reply) }
    context.reply.integer(count)
  }

  static func channels(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    if arguments.count > 3 { throw .subcommandSyntax(arguments[1], of: "PUBSUB") }
    let channels = context.engine.channels.active.filter { arguments.count == 2 || matches(arguments[2], $0.span) }
    context.reply.array(channels.count)
    for channel in channels { context.reply.bulk(channel) }
  }

  static func subscriberCounts(_ arguments: Arguments, _ context: inout Context) {
    context.reply.array((arguments.count - 2) * 2)
    for index in 2..<arguments.count {
      context.reply.bulk(arguments[index])
      context.reply.integer(context.engine.channels.subscriberCount(of: arguments[index]))
    }
  }
}
