import TestPeers
import TestSupport
import Testing

/// Transactions and subscriptions, across loops.
@Suite("redis, sessions of clients")
struct RedisSessionTests {
  // MARK: Transactions

  @Test("a transaction is seen whole or not at all, by clients of all loops", arguments: [1, 2])
  func isolation(loops: Int) throws {
    let server = try RedisServer(loops: loops)
    let keys = (0..<4).map { "key:\($0)" }
    let clients = try (0..<3).map { _ in try server.connect() }
    // Two writers, which take the keys in opposite orders, and a reader.
    try concurrently(3) { index in
      let client = clients[index]
      let order = index == 0 ? keys : keys.reversed()
      func transaction(_ command: String) -> [UInt8]? {
        client.send(request("MULTI") + order.flatMap { request(command, $0) } + request("EXEC"))
        for _ in 0...order.count { _ = client.reply() }
        return client.reply()
      }
      if index < 2 {
        for _ in 0..<500 { _ = transaction("INCR") }
        return
      }
      var total = 0
      while total < 1000 {
        let reply = text(transaction("GET") ?? [])
        let values = reply.split(separator: "\r\n").dropFirst().filter { $0.first != "$" }
        let isWhole = values.isEmpty ? reply.hasSuffix("$-1\r\n") : values.count == 4 && Set(values).count == 1
        if !isWhole { throw ProgramError(description: "torn: \(reply)") }
        total = values.first.flatMap { Int($0) } ?? 0
      }
    }
    server.stop()
  }

  @Test("clients that watch a key while they change it lose no change", arguments: [1, 2])
  func optimistic(loops: Int) throws {
    let server = try RedisServer(loops: loops)
    let clients = try (0..<4).map { _ in try server.connect() }
    try concurrently(4) { index in
      let client = clients[index]
      var count = 0
      while count < 100 {
        _ = client.call("WATCH", "n")
        let value = Int(client.call("GET", "n").split(separator: "\r\n").last ?? "") ?? 0
        _ = client.call("MULTI")
        _ = client.call("SET", "n", "\(value + 1)")
        switch client.call("EXEC") {
        case "*1\r\n+OK\r\n": count += 1
        case "*-1\r\n": break
        case let reply: throw ProgramError(description: "unexpected: \(reply)")
        }
      }
    }
    #expect(clients[0].call("GET", "n") == "$3\r\n400\r\n")
    server.stop()
  }

  @Test("a watched key that expires has changed, whether or not somebody has looked at it")
  func watchedExpiry() throws {
    let server = try RedisServer(loops: 2)
    let client = try server.connect()
    let other = try server.connect()
    for looks in [true, false] {
      _ = client.call("SET", "k", "x", "PX", "50")
      #expect(client.call("WATCH", "k") == "+OK\r\n")
      if looks {
        #expect(eventually { other.call("EXISTS", "k") == ":0\r\n" })
      } else {
        #expect(eventually { other.call("DBSIZE") == ":0\r\n" })
      }
      _ = client.call("MULTI")
      _ = client.call("PING")
      #expect(client.call("EXEC") == "*-1\r\n")
    }
    server.stop()
  }

  // MARK: Channels

  @Test("all subscribers of a channel receive the messages of all publishers in one order", arguments: [1, 2, 4])
  func order(loops: Int) throws {
    let server = try RedisServer(loops: loops)
    let subscribers = try (0..<4).map { _ in try server.connect() }
    for (number, subscriber) in subscribers.enumerated() {
      if number % 2 == 1 { _ = subscriber.call("HELLO", "3") }
      #expect(subscriber.call("SUBSCRIBE", "news").hasSuffix("$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"))
    }
    let publishers = try (0..<2).map { _ in try server.connect() }
    try concurrently(2) { index in
      for number in 0..<500 {
        let reply = publishers[index].call("PUBLISH", "news", "\(index)-\(number)")
        if reply != ":4\r\n" { throw ProgramError(description: "unexpected: \(reply)") }
      }
    }
    var received: [[String]] = []
    for (number, subscriber) in subscribers.enumerated() {
      let start = "\(number % 2 == 1 ? ">" : "*")3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$"
      received.append([])
      for _ in 0..<1000 {
        let message = subscriber.reply().map { text($0) } ?? "closed"
        #expect(message.hasPrefix(start))
        received[number].append(String(message.split(separator: "\r\n").last ?? ""))
      }
    }
    for other in received.dropFirst() {
      let isSame = other == received[0]
      #expect(isSame)
    }
    for index in 0..<2 {
      #expect(received[0].filter { $0.hasPrefix("\(index)-") } == (0..<500).map { "\(index)-\($0)" })
    }
    server.stop()
  }

  @Test("a subscriber that does not read is disconnected when more than 32 MiB wait", arguments: [1, 2])
  func slowSubscriber(loops: Int) throws {
    let server = try RedisServer(loops: loops)
    let slow = try server.connect()
    let quick = try server.connect()
    let publisher = try server.connect()
    for subscriber in [slow, quick] { #expect(subscriber.call("SUBSCRIBE", "news").hasSuffix(":1\r\n")) }
    let message = String(repeating: "x", count: 1 << 20)
    // The kernel takes some of the messages, but far from all.
    var sent = 0
    var isCut = false
    while !isCut, sent < 64 {
      let count = publisher.call("PUBLISH", "news", message)
      sent += 1
      isCut = count == ":1\r\n"
      #expect(quick.reply()?.count ?? 0 > message.utf8.count)
      if sent < 32 { #expect(count == ":2\r\n", "\(sent)") }
    }
    #expect(isCut)
    #expect(eventually { publisher.call("PUBSUB", "NUMSUB", "news") == "*2\r\n$4\r\nnews\r\n:1\r\n" })
    #expect(slow.rest().count < 64 << 20)
    server.stop()
  }
}
