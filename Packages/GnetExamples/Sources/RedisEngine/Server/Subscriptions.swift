internal import Synchronization

/// The subscriptions of a client.
struct Subscriptions: Sendable {
  var channels = ByteTable<Void>()
  var patterns = ByteTable<Void>()

  var count: Int { channels.count + patterns.count }
}

/// The two kinds of subscriptions: to a channel, and to all channels whose names match a pattern.
enum SubscriptionKind: CaseIterable {
  case channel, pattern

  fileprivate var names: WritableKeyPath<Subscriptions, ByteTable<Void>> {
    switch self {
    case .channel: \.channels
    case .pattern: \.patterns
    }
  }

  fileprivate var subscribers: WritableKeyPath<Channels.Subscribers, ByteTable<[Int: Client]>> {
    switch self {
    case .channel: \.ofChannels
    case .pattern: \.ofPatterns
    }
  }
}

/// The channels of all loops and their subscribers.
final class Channels: Sendable {
  fileprivate struct Subscribers {
    /// The subscribers by their numbers, for each name.
    var ofChannels = ByteTable<[Int: Client]>()
    var ofPatterns = ByteTable<[Int: Client]>()
  }

  private let subscribers = Mutex(Subscribers())

  /// Subscribes a client. Returns the number of its subscriptions.
  func subscribe(_ client: Client, _ kind: SubscriptionKind, _ name: Bytes) -> Int {
    let key = Key(name)
    let (isNew, count) = client.subscriptions.withLock { subscriptions in
      let isNew = subscriptions[keyPath: kind.names].place(of: key) == nil
      if isNew { subscriptions[keyPath: kind.names].insert(name.array, hash: key.hash, ()) }
      return (isNew, subscriptions.count)
    }
    if isNew {
      subscribers.withLock { $0[keyPath: kind.subscribers].add(client, to: key) }
      client.modes.insert(.subscriber)
    }
    return count
  }

  /// Ends a subscription, if the client has it. Returns the number of subscriptions that are left.
  func unsubscribe(_ client: Client, _ kind: SubscriptionKind, _ name: Bytes) -> Int {
    let key = Key(name)
    let (wasThere, count) = client.subscriptions.withLock { subscriptions in
      let place = subscriptions[keyPath: kind.names].place(of: key)
      if let place { subscriptions[keyPath: kind.names].remove(at: place) }
      return (place != nil, subscriptions.count)
    }
    if wasThere { subscribers.withLock { $0[keyPath: kind.subscribers].remove(client, from: key) } }
    if count == 0 { client.modes.remove(.subscriber) }
    return count
  }

  /// The names that a client is subscribed to, in the order of their subscription.
  func names(of client: Client, _ kind: SubscriptionKind) -> [[UInt8]] {
    client.subscriptions.withLock { $0[keyPath: kind.names].entries.map(\.key) }
  }

  /// Ends all subscriptions of a client.
  func unsubscribeAll(_ client: Client) {
    for kind in SubscriptionKind.allCases {
      for name in names(of: client, kind) { _ = unsubscribe(client, kind, name.span) }
    }
  }

  /// Sends a message to all subscribers of a channel. Returns their number; a client counts for each subscription.
  func publish(_ message: Bytes, to channel: Bytes) -> Int {
    let key = Key(channel)
    // The lock is held until all have the message: messages have one order for all subscribers.
    return subscribers.withLock { subscribers in
      var count = 0
      if let place = subscribers.ofChannels.place(of: key) {
        let clients = subscribers.ofChannels[place].values
        count += Self.send(pushed("message", channel, message), to: clients)
      }
      for entry in subscribers.ofPatterns.entries where matches(entry.key.span, channel) {
        count += Self.send(pushed("pmessage", entry.key.span, channel, message), to: entry.value.values)
      }
      return count
    }
  }

  private static func send(_ message: [UInt8], to clients: Dictionary<Int, Client>.Values) -> Int {
    for client in clients { client.inbox.add(message, for: client) }
    return clients.count
  }

  /// The names of the channels with subscribers.
  var active: [[UInt8]] { subscribers.withLock { $0.ofChannels.entries.map(\.key) } }

  /// The number of patterns.
  var patternCount: Int { subscribers.withLock { $0.ofPatterns.count } }

  /// The number of clients that are subscribed to a channel by its name.
  func subscriberCount(of channel: Bytes) -> Int {
    let key = Key(channel)
    return subscribers.withLock { subscribers in
      subscribers.ofChannels.place(of: key).map { subscribers.ofChannels[$0].count } ?? 0
    }
  }
}

extension ByteTable<[Int: Client]> {
  fileprivate mutating func add(_ client: Client, to name: borrowing Key) {
    let place = place(of: name) ?? insert(name.bytes.array, hash: name.hash, [:])
    self[place][client.id] = client
  }

  fileprivate mutating func remove(_ client: Client, from name: borrowing Key) {
    guard let place = place(of: name) else { return }
    self[place][client.id] = nil
    if self[place].isEmpty { remove(at: place) }
  }
}
