import Foundation
import Synchronization
import TestPeers
import TestSupport
import Testing

@Suite("redis")
struct RedisServerTests {
  @Test("a request that arrives byte by byte is answered", arguments: [1, 2])
  func drip(loops: Int) throws {
    let server = try RedisServer(loops: loops)
    let client = try server.connect()
    for byte in request("SET", "key", "value") + Array("GET key\r\n".utf8) { client.send([byte]) }
    #expect(client.reply().map { text($0) } == "+OK\r\n")
    #expect(client.reply().map { text($0) } == "$5\r\nvalue\r\n")
    server.stop()
  }

  @Test("a large value comes back as it was")
  func large() throws {
    let server = try RedisServer()
    let client = try server.connect()
    var random = SeededGenerator(seed: 1)
    let value = (0..<(1 << 19)).map { _ in UInt8.random(in: 0...255, using: &random) }
    #expect(client.call([Array("SET".utf8), Array("k".utf8), value]).map { text($0) } == "+OK\r\n")
    let reply = try #require(client.call([Array("GET".utf8), Array("k".utf8)]))
    #expect(reply == Array("$\(value.count)\r\n".utf8) + value + Array("\r\n".utf8))
    server.stop()
  }

  @Test("a pipeline that nobody reads the answers of is held back, and answered when somebody does")
  func slowReader() throws {
    let server = try RedisServer()
    let client = try server.connect()
    _ = client.call("SET", "k", String(repeating: "x", count: 100_000))
    let get = request("GET", "k")
    let pipeline = (0..<1000).flatMap { _ in get }
    var sent = 0
    // Until the peer has taken nothing for a while; not all of 20 MB of requests, whose answers are 100 GB.
    var idle = 0
    while idle < 20, sent < 20 << 20 {
      let offset = sent % get.count
      let count = client.sendWithoutWaiting(Array(pipeline[offset...]))
      sent += count
      idle = count == 0 ? idle + 1 : 0
      if count == 0 { Thread.sleep(forTimeInterval: 0.01) }
    }
    #expect(sent < 20 << 20)
    #expect(try residentBytes(of: server) < 200 << 20)
    try server.expectService()
    client.endSending()
    let expected = Array(("$100000\r\n" + String(repeating: "x", count: 100_000) + "\r\n").utf8)
    for _ in 0..<min(100, sent / get.count) {
      let isExpected = client.reply() == expected
      #expect(isExpected)
    }
    server.stop()
  }

  @Test(
    "a pipeline that was sent whole is answered as far as somebody reads, though nothing more is sent",
    .needs("python3"))
  func drained() throws {
    let redis = try Example("redis", loops: 1)
    try redis.endAfterPython(
      """
      def resident_bytes():
          with open("/proc/\(redis.server.processIdentifier)/statm") as file: return int(file.read().split()[1]) * 4096
      s = connect()
      value, count = "x" * 100_000, 3000
      say(s, f"*3\\r\\n$3\\r\\nSET\\r\\n$1\\r\\nk\\r\\n$100000\\r\\n{value}\\r\\n")
      equal(s.recv(5), b"+OK\\r\\n")
      before = resident_bytes()
      say(s, "*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\nk\\r\\n" * count)
      file = s.makefile("rb", 1 << 16)
      for number in range(count):
          assert file.read(9 + 100_000 + 2) == f"$100000\\r\\n{value}\\r\\n".encode(), number
          if number % 100 == 0: assert resident_bytes() - before < 16 << 20, resident_bytes()
      """)
  }

  @Test("many small requests at once are answered in order, also those behind a pause")
  func pipeline() throws {
    let server = try RedisServer()
    let client = try server.connect()
    let count = 20_000
    let requests = (0..<count).flatMap { request("ECHO", "\($0) " + String(repeating: "y", count: 200)) }
    let sender = Thread { client.send(requests) }
    sender.start()
    for number in 0..<count {
      guard let reply = client.reply() else {
        Issue.record("the connection has ended at \(number)")
        break
      }
      #expect(text(reply).contains("\n\(number) y"))
    }
    server.stop()
  }

  @Test("malformed input never keeps the next client from being served", arguments: 0..<4)
  func malformed(seed: UInt64) throws {
    let server = try RedisServer(loops: 2)
    var random = SeededGenerator(seed: seed)
    let valid = request("SET", "key", "value") + request("LRANGE", "l", "0", "-1") + request("ZADD", "z", "1", "m")
    for round in 0..<60 {
      let client = try server.connect()
      switch round % 3 {
      case 0:
        client.send(
          (0..<Int.random(in: 1..<500, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
      case 1: client.send(Array(valid.prefix(Int.random(in: 1..<valid.count, using: &random))))
      default:
        var mutated = valid
        mutated[Int.random(in: 0..<valid.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        client.send(mutated)
      }
      client.endSending()
      _ = client.rest()
    }
    let client = try server.connect()
    client.send("*1000000\r\n$500000000\r\n")
    try server.expectService()
    #expect(try residentBytes(of: server) < 100 << 20)
    server.stop()
  }

  @Test("an MSET is seen whole or not at all, by clients of all loops", arguments: [1, 2])
  func atomicity(loops: Int) throws {
    let server = try RedisServer(loops: loops)
    let keys = (0..<8).map { "key:\($0)" }
    let writers = try (0..<2).map { _ in try server.connect() }
    let readers = try (0..<2).map { _ in try server.connect() }
    _ = writers[0].call((["MSET"] + keys.flatMap { [$0, "0"] }).map { Array($0.utf8) })
    let isDone = Flag()
    let torn = Flag()
    let group = DispatchGroup()
    for (index, writer) in writers.enumerated() {
      let order = index == 0 ? keys : keys.reversed()
      background(group) {
        for number in 0..<1500 {
          _ = writer.call((["MSET"] + order.flatMap { [$0, "\(index)-\(number)"] }).map { Array($0.utf8) })
        }
      }
    }
    let reading = DispatchGroup()
    for reader in readers {
      background(reading) {
        while !isDone.isSet {
          let reply = reader.call((["MGET"] + keys).map { Array($0.utf8) }) ?? []
          let values = Set(text(reply).split(separator: "\r\n").dropFirst().filter { !$0.hasPrefix("$") })
          if values.count != 1 { torn.set() }
        }
      }
    }
    group.wait()
    isDone.set()
    reading.wait()
    #expect(!torn.isSet)
    server.stop()
  }

  @Test("increments of all loops add up", arguments: [1, 2, 4])
  func increments(loops: Int) throws {
    let server = try RedisServer(loops: loops)
    let group = DispatchGroup()
    for client in try (0..<4).map({ _ in try server.connect() }) {
      background(group) { for _ in 0..<1000 { _ = client.call("INCR", "n") } }
    }
    group.wait()
    #expect(try server.connect().call("GET", "n") == "$4\r\n4000\r\n")
    server.stop()
  }

  @Test("a key is gone when its time has come, whether somebody asks for it or not")
  func expiry() throws {
    let server = try RedisServer(loops: 2)
    let client = try server.connect()
    _ = client.call("SET", "asked", "x", "PX", "50")
    _ = client.call("RPUSH", "list", "x")
    _ = client.call("PEXPIRE", "list", "50")
    for number in 0..<100 { _ = client.call("SET", "swept:\(number)", "x", "PX", "50") }
    _ = client.call("SET", "stays", "x", "EX", "1000")
    #expect(eventually { client.call("GET", "asked") == "$-1\r\n" })
    #expect(eventually { client.call("EXISTS", "list") == ":0\r\n" })
    // DBSIZE looks at no key: only the sweep makes it small.
    #expect(eventually { client.call("DBSIZE") == ":1\r\n" })
    #expect(client.call("KEYS", "*") == "*1\r\n$5\r\nstays\r\n")
    #expect(client.call("INFO", "keyspace").contains("db0:keys=1,expires=1"))
    server.stop()
  }

  @Test("a key does not expire before its time")
  func notTooEarly() throws {
    let server = try RedisServer()
    let client = try server.connect()
    let start = ContinuousClock.now
    _ = client.call("SET", "k", "x", "PX", "300")
    while client.call("EXISTS", "k") == ":1\r\n", ContinuousClock.now < start + .seconds(20) {}
    #expect(ContinuousClock.now - start >= .milliseconds(299))
    server.stop()
  }

  @Test("CLIENT LIST shows the clients of all loops, and what they have last done", arguments: [1, 2])
  func clientList(loops: Int) throws {
    let server = try RedisServer(loops: loops)
    let clients = try (0..<3).map { _ in try server.connect() }
    for (number, client) in clients.enumerated() {
      #expect(client.call("CLIENT", "SETNAME", "client-\(number)") == "+OK\r\n")
      #expect(client.call("CLIENT", "SETINFO", "LIB-NAME", "test") == "+OK\r\n")
      #expect(client.call("SELECT", "\(number + 1)") == "+OK\r\n")
    }
    let list = clients[0].call("CLIENT", "LIST")
    for number in 0..<3 {
      #expect(list.contains(" name=client-\(number) "))
      #expect(list.contains(" db=\(number + 1) "))
    }
    #expect(list.contains(" cmd=select ") && list.contains(" cmd=client|list ") && list.contains(" lib-name=test"))
    #expect(clients[2].call("CLIENT", "INFO").contains(" name=client-2 "))
    let id = clients[1].call("CLIENT", "ID").dropFirst().dropLast(1)
    #expect(clients[0].call("CLIENT", "LIST", "ID", String(id)).contains(" name=client-1 "))
    #expect(clients[0].call("HELLO", "4") == "-NOPROTO unsupported protocol version\r\n")
    server.stop()
  }

  private func background(_ group: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
    group.enter()
    Thread.detachNewThread {
      body()
      group.leave()
    }
  }

  private func eventually(_ condition: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
      if condition() { return true }
      Thread.sleep(forTimeInterval: 0.01)
    }
    return false
  }

  /// The memory that a server occupies, as far as the system tells.
  private func residentBytes(of server: RedisServer) throws -> Int {
    let path = "/proc/\(server.program.processIdentifier)/statm"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return 0 }
    return (Int(text.split(separator: " ")[1]) ?? 0) * Int(getpagesize())
  }
}

/// Something that threads tell each other once.
private final class Flag: Sendable {
  private let flag = Atomic(false)
  var isSet: Bool { flag.load(ordering: .relaxed) }
  func set() { flag.store(true, ordering: .relaxed) }
}
