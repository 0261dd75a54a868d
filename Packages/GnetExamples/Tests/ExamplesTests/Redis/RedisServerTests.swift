import Foundation
import Synchronization
import TestPeers
import TestSupport
import Testing

@Suite("redis")
struct RedisServerTests {
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

  @Test("sizes that are only declared cost no memory")
  func declaredSizes() throws {
    let server = try RedisServer(loops: 2)
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
