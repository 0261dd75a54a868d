import Gnet

/// The connection of a client.
struct Session: ConnectionHandler {
  private static let lineLimit = 65_536

  private enum Outcome { case answered, incomplete, quit }

  let cache: Cache
  /// The keys of a `get` that are answered, if the output was full before the last one.
  private var answeredKeyCount = 0
  /// The bytes of a refused value that have not arrived.
  private var refusedByteCount = 0
  private var isIdle = true

  init(cache: Cache) { self.cache = cache }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    var outcome = Outcome.answered
    while outcome == .answered, !connection.isOutputFull { outcome = answer(&connection, &input) }
    isIdle = input.isEmpty && refusedByteCount == 0
    return outcome == .quit || isIdle && connection.isShuttingDown ? .close : .none
  }

  mutating func shuttingDown(_ connection: inout Connection) -> Action { isIdle ? .close : .none }

  /// Answers the request at the start of the input. A request stays there until it is whole and answered.
  private mutating func answer(_ connection: inout Connection, _ input: inout RingBuffer) -> Outcome {
    refusedByteCount -= input.discard(refusedByteCount)
    guard let end = input.firstIndex(of: UInt8(ascii: "\n")) else {
      if input.count <= Self.lineLimit { return .incomplete }
      connection.write("CLIENT_ERROR line too long\r\n")
      return .quit
    }
    var words = input.peek(end).split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }[...]
    let name = words.popFirst().map { String(decoding: $0, as: UTF8.self) } ?? ""
    if name == "get" || name == "gets" {
      return get(words, withVersions: name == "gets", lineLength: end + 1, &connection, &input)
    }
    let isQuiet = words.last?.elementsEqual("noreply".utf8) == true
    if isQuiet { words.removeLast() }
    let reply: String
    switch name {
    case "set", "add", "replace", "append", "prepend", "cas":
      guard let stored = store(name, words, lineLength: end + 1, &input) else { return .incomplete }
      reply = stored
    case "quit":
      return .quit
    default:
      input.discard(end + 1)
      reply = apply(name, words.map(Array.init), on: connection.loop)
    }
    if !isQuiet { connection.write("\(reply)\r\n") }
    return .answered
  }

  /// Sends the items of some keys. Goes on with the rest when the client has read, if the output becomes full.
  private mutating func get(
    _ keys: ArraySlice<ArraySlice<UInt8>>, withVersions: Bool, lineLength: Int, _ connection: inout Connection,
    _ input: inout RingBuffer
  ) -> Outcome {
    let isValid = !keys.isEmpty && keys.allSatisfy { $0.count <= Item.keyLimit }
    for key in keys.dropFirst(answeredKeyCount) where isValid {
      if connection.isOutputFull { return .answered }
      answeredKeyCount += 1
      guard let item = cache.withItems({ $0.get(Array(key)) }) else { continue }
      connection.write("VALUE ")
      connection.write(key)
      connection.write(" \(item.flags) \(item.value.count)\(withVersions ? " \(item.version)" : "")\r\n")
      connection.write(item.value)
      connection.write("\r\n")
    }
    answeredKeyCount = 0
    input.discard(lineLength)
    connection.write(isValid ? "END\r\n" : keys.isEmpty ? "ERROR\r\n" : "\(Self.badFormat)\r\n")
    return .answered
  }

  /// Stores an item. Returns the reply; `nil` as long as the value has not arrived.
  private mutating func store(
    _ name: String, _ words: ArraySlice<ArraySlice<UInt8>>, lineLength: Int, _ input: inout RingBuffer
  ) -> String? {
    let numbers = words.dropFirst().map { Int(String(decoding: $0, as: UTF8.self)) }
    let isWhole = numbers.count == (name == "cas" ? 4 : 3)
    guard isWhole, let key = words.first.map(Array.init), key.count <= Item.keyLimit,
      let flags = numbers[0].flatMap(UInt32.init(exactly:)), let expiry = numbers[1], let length = numbers[2],
      let version = (name == "cas" ? numbers[3] : 0).flatMap(UInt64.init(exactly:)), length >= 0
    else {
      input.discard(lineLength)
      return isWhole ? Self.badFormat : "ERROR"
    }
    if length > Item.valueLimit {
      input.discard(lineLength)
      refusedByteCount = min(length, .max - 2) + 2
      cache.withItems { if name == "set" { $0[key] = nil } }
      return "SERVER_ERROR object too large for cache"
    }
    guard input.count >= lineLength + length + 2 else { return nil }
    input.discard(lineLength)
    let value = input.read(length)
    guard input.read(2).elementsEqual("\r\n".utf8) else { return "CLIENT_ERROR bad data chunk" }
    return cache.withItems { items in
      items.store(
        Item(value: value, flags: flags, expiry: items.expiry(expiry)), name, key, ifVersion: version)
    }
  }

  /// Applies a command without a value, and returns the reply.
  private func apply(_ name: String, _ words: [[UInt8]], on loop: EventLoop) -> String {
    let texts = words.map { String(decoding: $0, as: UTF8.self) }
    if let key = words.first, key.count > Item.keyLimit { return Self.badFormat }
    switch (name, words.count) {
    case ("delete", 1...2) where words.count == 1 || texts[1] == "0":
      return cache.withItems { $0.remove(words[0]) } ? "DELETED" : "NOT_FOUND"
    case ("delete", 2):
      return "\(Self.badFormat).  Usage: delete <key> [noreply]"
    case ("incr", 2), ("decr", 2):
      guard let delta = UInt64(texts[1]) else { return "CLIENT_ERROR invalid numeric delta argument" }
      return cache.withItems { $0.add(delta, to: words[0], isNegative: name == "decr") }
    case ("touch", 2):
      guard let expiry = Int(texts[1]) else { return Self.badTime }
      return cache.withItems { $0.touch(words[0], $0.expiry(expiry)) } ? "TOUCHED" : "NOT_FOUND"
    case ("flush_all", 0...1):
      guard let delay = Int(texts.first ?? "0") else { return Self.badTime }
      cache.removeAll(after: .seconds(delay), on: loop)
      return "OK"
    case ("version", 0): return "VERSION \(Cache.version)"
    case ("verbosity", 1...): return "OK"
    case ("stats", 0):
      return cache.statistics.map { "STAT \($0) \($1)\r\n" }.joined() + "END"
    default: return "ERROR"
    }
  }

  private static let badFormat = "CLIENT_ERROR bad command line format"
  private static let badTime = "CLIENT_ERROR invalid exptime argument"
}
