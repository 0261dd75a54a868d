import TestPeers
import TestSupport
import Testing

/// Transactions, subscriptions and the ends of clients, across loops.
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

  @Test("the subscriptions of a client that has gone are taken back")
  func subscriptionsOfTheGone() throws {
    let server = try RedisServer(loops: 2)
    let client = try server.connect()
    let subscriber = try server.connect()
    _ = subscriber.call("SUBSCRIBE", "a")
    _ = subscriber.call("PSUBSCRIBE", "a*")
    #expect(client.call("PUBLISH", "a", "x") == ":2\r\n")
    #expect(client.call("CLIENT", "LIST", "TYPE", "pubsub").contains(" sub=1 psub=1 "))
    _ = subscriber.call("QUIT")
    #expect(eventually { client.call("PUBLISH", "a", "x") == ":0\r\n" })
    #expect(client.call("PUBSUB", "CHANNELS") == "*0\r\n")
    #expect(client.call("PUBSUB", "NUMPAT") == ":0\r\n")
    server.stop()
  }

  @Test("a message that was published before the end of a subscription comes before its confirmation")
  func unsubscribing() throws {
    let server = try RedisServer(loops: 2)
    let subscriber = try server.connect()
    let publisher = try server.connect()
    for _ in 0..<50 {
      #expect(subscriber.call("SUBSCRIBE", "a").hasSuffix(":1\r\n"))
      subscriber.send(request("UNSUBSCRIBE", "a"))
      let isReceived = publisher.call("PUBLISH", "a", "x") == ":1\r\n"
      if isReceived { #expect(subscriber.reply().map { text($0) }?.contains("message") == true) }
      #expect(subscriber.reply().map { text($0) }?.contains("unsubscribe") == true)
    }
    server.stop()
  }

  // MARK: Clients

  @Test("HELLO tells who is there, in the version of the protocol that is agreed on")
  func hello() throws {
    let server = try RedisServer()
    let client = try server.connect()
    let id = client.call("CLIENT", "ID")
    func expected(_ start: String, _ version: Int) -> String {
      start + "$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:\(version)\r\n"
        + "$2\r\nid\r\n\(id)$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"
    }
    #expect(client.call("HELLO", "3") == expected("%7\r\n", 3))
    #expect(client.call("HELLO") == expected("%7\r\n", 3))
    _ = client.call("MULTI")
    _ = client.call("PING")
    #expect(try server.connect().call("CLIENT", "LIST").contains(" flags=x db=0 sub=0 psub=0 ssub=0 multi=1 "))
    _ = client.call("EXEC")
    #expect(client.call("CLIENT", "INFO").contains(" resp=3"))
    #expect(client.call("HELLO", "2") == expected("*14\r\n", 2))
    server.stop()
  }

  @Test("CLIENT KILL disconnects a client of any loop, also one that does not read", arguments: [1, 2])
  func kill(loops: Int) throws {
    let server = try RedisServer(loops: loops)
    let client = try server.connect()
    let others = try (0..<4).map { _ in try server.connect() }
    _ = client.call("SET", "k", String(repeating: "x", count: 1 << 20))
    for other in others {
      let id = other.call("CLIENT", "ID").dropFirst().dropLast()
      other.send((0..<20).flatMap { _ in request("GET", "k") })
      #expect(client.call("CLIENT", "KILL", "ID", String(id)) == ":1\r\n")
      #expect(other.rest().count < 20 << 20)
      #expect(eventually { client.call("CLIENT", "LIST", "ID", String(id)) == "$0\r\n\r\n" })
    }
    #expect(client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no") == ":1\r\n")
    #expect(client.rest().isEmpty)
    try server.expectService()
    server.stop()
  }

  @Test("a long transaction is queued, and can be discarded")
  func longTransaction() throws {
    let server = try RedisServer()
    let client = try server.connect()
    _ = client.call("MULTI")
    let ping = (0..<20_000).flatMap { _ in request("PING") }
    client.send(ping)
    for _ in 0..<20_000 { #expect(client.reply().map { text($0) } == "+QUEUED\r\n") }
    #expect(client.call("DISCARD") == "+OK\r\n")
    #expect(client.call("PING") == "+PONG\r\n")
    server.stop()
  }
}
