import Gnet
import GnetTesting
import RedisEngine
import Testing

/// The engine on a simulated network.
@Suite("redis, the protocol")
struct RedisProtocolTests {
  /// Runs a test once for each of several seeds, with an engine of its own.
  private func withRedis(
    loops: Int = 1, _ options: Options = Options(), seeds: Range<UInt64> = 0..<10,
    _ test: (SimulatedExample) throws -> Void
  ) throws {
    try SimulatedExample.run(Engine().service, options, loops: loops, seeds: seeds, test)
  }

  @Test("a request that arrives byte by byte is answered", arguments: [1, 2])
  func drip(loops: Int) throws {
    try withRedis(loops: loops) { redis in
      let client = redis.connectRedis()
      for byte in request("SET", "key", "value") + Array("GET key\r\n".utf8) {
        client.send([byte])
        redis.simulation.run(for: .milliseconds(1))
      }
      try redis.expect("+OK\r\n", at: client)
      try redis.expect("$5\r\nvalue\r\n", at: client)
    }
  }

  @Test(
    "a pipeline that nobody reads the answers of is held back, and answered when somebody does, though nothing more is sent",
    arguments: [1, 2])
  func slowReader(loops: Int) throws {
    var options = Options()
    options.outboundHighWatermark = 20_000
    let value = String(repeating: "x", count: 2000)
    try withRedis(loops: loops, options, seeds: 0..<3) { redis in
      let peer = redis.connect()
      let client = RedisClient(SimulatedStream(peer, redis.simulation))
      try redis.expect("+OK\r\n", at: client, after: "SET", "k", value)
      peer.isReadingPaused = true
      for _ in 0..<100 { client.send(request("GET", "k")) }
      redis.simulation.run(for: .seconds(1))
      let waiting = redis.total(\.pendingOutputBytes)
      // The watermark, and the answers that are gathered for one send.
      try redis.require(20_000...92_000 ~= waiting, "\(waiting) bytes wait to be sent")
      try redis.expect("+PONG\r\n", at: redis.connectRedis(), after: "PING")
      peer.isReadingPaused = false
      for _ in 0..<100 { try redis.expect("$2000\r\n\(value)\r\n", at: client) }
    }
  }

  @Test("many small requests at once are answered in order, also those behind a pause")
  func pipeline() throws {
    var options = Options()
    options.outboundHighWatermark = 5000
    try withRedis(options) { redis in
      let client = redis.connectRedis()
      for number in 0..<500 { client.send(request("ECHO", "\(number)" + String(repeating: "y", count: number % 100))) }
      for number in 0..<500 {
        let text = "\(number)" + String(repeating: "y", count: number % 100)
        try redis.expect("$\(text.utf8.count)\r\n\(text)\r\n", at: client)
      }
    }
  }

  @Test("malformed input never keeps the next client from being served")
  func malformed() throws {
    let valid = request("SET", "key", "value") + request("LRANGE", "l", "0", "-1") + request("ZADD", "z", "1", "m")
    try withRedis(loops: 2) { redis in
      for round in 0..<60 {
        let client = redis.connectRedis()
        func number(_ range: Range<Int>) -> Int { .random(in: range, using: &redis.simulation.random) }
        switch round % 3 {
        case 0: client.send((0..<number(1..<500)).map { _ in UInt8(number(0..<256)) })
        case 1: client.send(Array(valid.prefix(number(1..<valid.count))))
        default:
          var mutated = valid
          mutated[number(0..<valid.count)] = UInt8(number(0..<256))
          client.send(mutated)
        }
        client.endSending()
        _ = client.rest()
      }
      try redis.expect("+PONG\r\n", at: redis.connectRedis(), after: "PING")
    }
  }

  @Test("a long transaction is queued, and can be discarded")
  func longTransaction() throws {
    try withRedis(seeds: 0..<2) { redis in
      let client = redis.connectRedis()
      try redis.expect("+OK\r\n", at: client, after: "MULTI")
      client.send((0..<2000).flatMap { _ in request("PING") })
      for _ in 0..<2000 { try redis.expect("+QUEUED\r\n", at: client) }
      try redis.expect("+OK\r\n", at: client, after: "DISCARD")
      try redis.expect("+PONG\r\n", at: client, after: "PING")
    }
  }

  // MARK: Channels

  @Test("the subscriptions of a client that has gone are taken back", arguments: [1, 2])
  func subscriptionsOfTheGone(loops: Int) throws {
    try withRedis(loops: loops) { redis in
      let (client, subscriber) = (redis.connectRedis(), redis.connectRedis())
      _ = subscriber.call("SUBSCRIBE", "a")
      _ = subscriber.call("PSUBSCRIBE", "a*")
      try redis.expect(":2\r\n", at: client, after: "PUBLISH", "a", "x")
      let list = client.call("CLIENT", "LIST", "TYPE", "pubsub")
      try redis.require(list.contains(" sub=1 psub=1 "), list)
      _ = subscriber.call("QUIT")
      redis.simulation.run(for: .milliseconds(100))
      try redis.expect(":0\r\n", at: client, after: "PUBLISH", "a", "x")
      try redis.expect("*0\r\n", at: client, after: "PUBSUB", "CHANNELS")
      try redis.expect(":0\r\n", at: client, after: "PUBSUB", "NUMPAT")
    }
  }

  @Test(
    "a message that was published before the end of a subscription comes before its confirmation", arguments: [1, 2])
  func unsubscribing(loops: Int) throws {
    try withRedis(loops: loops, seeds: 0..<5) { redis in
      let (subscriber, publisher) = (redis.connectRedis(), redis.connectRedis())
      for _ in 0..<10 {
        let confirmation = subscriber.call("SUBSCRIBE", "a")
        try redis.require(confirmation.hasSuffix(":1\r\n"), confirmation)
        subscriber.send(request("UNSUBSCRIBE", "a"))
        redis.simulation.run(for: .microseconds(Int.random(in: 0...3000, using: &redis.simulation.random)))
        let isReceived = publisher.call("PUBLISH", "a", "x") == ":1\r\n"
        for word in isReceived ? ["message", "unsubscribe"] : ["unsubscribe"] {
          let reply = subscriber.reply().map { text($0) } ?? "the end"
          try redis.require(reply.contains("\r\n\(word)\r\n"), "\(reply) instead of \(word)")
        }
      }
    }
  }

  // MARK: Clients

  @Test("a shutdown waits for the rest of a request, and closes idle connections", arguments: [1, 2])
  func shutdown(loops: Int) throws {
    try withRedis(loops: loops) { redis in
      let (idle, busy) = (redis.connectRedis(), redis.connectRedis())
      try redis.expect("+OK\r\n", at: idle, after: "SET", "k", "value")
      let bytes = request("ECHO", "x") + request("GET", "k")
      busy.send(Array(bytes.dropLast(3)))
      try redis.expect("$1\r\nx\r\n", at: busy)
      // Bytes on their way arrive.
      redis.simulation.run(for: .milliseconds(50))
      redis.server.shutdown()
      try redis.require(idle.rest().isEmpty, "an idle client gets more")
      busy.send(Array(bytes.suffix(3)))
      try redis.expect("$5\r\nvalue\r\n", at: busy)
      try redis.require(busy.rest().isEmpty, "a client gets more than its answer")
    }
  }

  @Test("CLIENT LIST shows the clients of all loops, and what they have last done", arguments: [1, 2])
  func clientList(loops: Int) throws {
    try withRedis(loops: loops, seeds: 0..<3) { redis in
      let clients = (0..<3).map { _ in redis.connectRedis() }
      for (number, client) in clients.enumerated() {
        try redis.expect("+OK\r\n", at: client, after: "CLIENT", "SETNAME", "client-\(number)")
        try redis.expect("+OK\r\n", at: client, after: "CLIENT", "SETINFO", "LIB-NAME", "test")
        try redis.expect("+OK\r\n", at: client, after: "SELECT", "\(number + 1)")
      }
      let list = clients[0].call("CLIENT", "LIST")
      let names = (0..<3).map { " name=client-\($0) " } + (1...3).map { " db=\($0) " }
      for text in names + [" cmd=select ", " cmd=client|list ", " lib-name=test"] {
        try redis.require(list.contains(text), "\(text) is missing in \(list)")
      }
      let info = clients[2].call("CLIENT", "INFO")
      try redis.require(info.contains(" name=client-2 "), info)
      let id = clients[1].call("CLIENT", "ID").dropFirst().dropLast(1)
      let second = clients[0].call("CLIENT", "LIST", "ID", String(id))
      try redis.require(second.contains(" name=client-1 "), second)
      try redis.expect("-NOPROTO unsupported protocol version\r\n", at: clients[0], after: "HELLO", "4")
    }
  }

  @Test("HELLO tells who is there, in the version of the protocol that is agreed on")
  func hello() throws {
    try withRedis(seeds: 0..<3) { redis in
      let client = redis.connectRedis()
      let id = client.call("CLIENT", "ID")
      func expected(_ start: String, _ version: Int) -> String {
        start + "$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:\(version)\r\n"
          + "$2\r\nid\r\n\(id)$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"
      }
      try redis.expect(expected("%7\r\n", 3), at: client, after: "HELLO", "3")
      try redis.expect(expected("%7\r\n", 3), at: client, after: "HELLO")
      _ = client.call("MULTI")
      _ = client.call("PING")
      let list = redis.connectRedis().call("CLIENT", "LIST")
      try redis.require(list.contains(" flags=x db=0 sub=0 psub=0 ssub=0 multi=1 "), list)
      _ = client.call("EXEC")
      let info = client.call("CLIENT", "INFO")
      try redis.require(info.contains(" resp=3"), info)
      try redis.expect(expected("*14\r\n", 2), at: client, after: "HELLO", "2")
    }
  }

  @Test("CLIENT KILL disconnects a client of any loop, also one that does not read", arguments: [1, 2])
  func kill(loops: Int) throws {
    try withRedis(loops: loops, seeds: 0..<5) { redis in
      let client = redis.connectRedis()
      _ = client.call("SET", "k", String(repeating: "x", count: 100_000))
      for _ in 0..<4 {
        let peer = redis.connect()
        let other = RedisClient(SimulatedStream(peer, redis.simulation))
        let id = String(other.call("CLIENT", "ID").dropFirst().dropLast())
        peer.isReadingPaused = true
        other.send((0..<20).flatMap { _ in request("GET", "k") })
        try redis.expect(":1\r\n", at: client, after: "CLIENT", "KILL", "ID", id)
        redis.simulation.run(for: .milliseconds(100))
        try redis.expect("$0\r\n\r\n", at: client, after: "CLIENT", "LIST", "ID", id)
        peer.isReadingPaused = false
        try redis.require(other.rest().count < 2_000_000, "a client that was killed gets all its answers")
      }
      try redis.expect(":1\r\n", at: client, after: "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
      try redis.require(client.rest().isEmpty, "a client that has killed itself gets more")
      try redis.expect("+PONG\r\n", at: redis.connectRedis(), after: "PING")
    }
  }
}

/// The stream of a client on a simulated network.
struct SimulatedStream: RedisStream {
  private let peer: SimulatedPeer
  private let simulation: Simulation

  init(_ peer: SimulatedPeer, _ simulation: Simulation) {
    self.peer = peer
    self.simulation = simulation
  }

  func send(_ bytes: [UInt8]) { peer.send(bytes) }

  func receive() throws -> [UInt8] {
    try simulation.run(until: { !peer.received.isEmpty || peer.isEnded })
    return peer.receive()
  }

  func endOutput() { peer.endOutput() }
}

extension SimulatedExample {
  /// Connects a client of redis.
  fileprivate func connectRedis() -> RedisClient { RedisClient(SimulatedStream(connect(), simulation)) }

  /// Waits for a client's next reply, after a request if there is one; the reply must be `text`.
  fileprivate func expect(_ expected: String, at client: RedisClient, after words: String...) throws {
    if !words.isEmpty { client.send(request(words.map { Array($0.utf8) })) }
    let reply = client.reply().map { text($0) } ?? "the end"
    try require(reply == expected, "\(reply.debugDescription) instead of \(expected.debugDescription)")
  }
}
