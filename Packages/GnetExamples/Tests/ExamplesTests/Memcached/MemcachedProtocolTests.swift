import Gnet
import GnetTesting
import Testing

@testable import memcached

/// The cache on a simulated network.
@Suite("memcached, the protocol")
struct MemcachedProtocolTests {
  /// Runs a test for each of several seeds, with a cache whose clock is that of the simulation.
  private func withCache(
    loops: Int = 1, seeds: Range<UInt64> = 0..<20, _ test: (SimulatedExample) throws -> Void
  ) throws {
    let clock = SimulatedClock()
    try SimulatedExample.run(
      Service { [cache = Cache(limit: 8 << 20, now: { clock.now })] _ in Session(cache: cache) }, loops: loops,
      seeds: seeds
    ) { example in
      clock.simulation = example.simulation
      defer { clock.simulation = nil }
      try test(example)
    }
  }

  private func expect(_ lines: [String], at client: SimulatedPeer, _ memcached: SimulatedExample) throws {
    for line in lines { try memcached.expect(line, at: client) }
  }

  @Test("requests in single bytes and at once get the same answers", arguments: [0, 0.5, 1])
  func pieces(splitProbability: Double) throws {
    let requests = Array(
      "set a 1 0 4\r\nx\r\ny\r\nget a b\r\nset b 0 0 2 noreply\r\nzz\r\nget a b\r\nverbosity 1\r\nquit\r\n".utf8)
    try withCache(seeds: 0..<10) { memcached in
      memcached.simulation.network.splitProbability = splitProbability
      for size in [1, 2, 7, requests.count] {
        let client = memcached.connect()
        client.send("flush_all\r\n")
        try memcached.expect("OK", at: client)
        for start in stride(from: 0, to: requests.count, by: size) {
          client.send(Array(requests[start...].prefix(size)))
        }
        try memcached.simulation.run(until: { client.isEnded })
        let expected = """
          STORED\r\nVALUE a 1 4\r\nx\r\ny\r\nEND\r
          VALUE a 1 4\r\nx\r\ny\r\nVALUE b 0 2\r\nzz\r\nEND\r\nOK\r

          """
        try memcached.require(client.receivedText == expected, client.receivedText)
      }
    }
  }

  @Test(
    "a client that reads late gets all of many large answers, and few of them wait meanwhile",
    arguments: ["get big\r\n", "get big big big\r\n"])
  func lateReader(request: String) throws {
    let value = String(repeating: "x", count: 100_000)
    let answer = String(repeating: "VALUE big 0 100000\r\n\(value)\r\n", count: request.split(separator: " ").count - 1)
    try withCache(seeds: 0..<2) { memcached in
      let (client, witness) = (memcached.connect(), memcached.connect())
      client.send("set big 0 0 100000\r\n\(value)\r\n")
      try memcached.expect("STORED", at: client)
      client.isReadingPaused = true
      for _ in 0..<30 { client.send(request) }
      client.endOutput()
      witness.send("version\r\n")
      try memcached.expect("VERSION 1.6.0", at: witness)
      memcached.simulation.run(for: .seconds(1))
      let waiting = memcached.total(\.pendingOutputBytes)
      try memcached.require(waiting < Options().outboundHighWatermark + 110_000, "\(waiting) bytes wait")
      client.isReadingPaused = false
      try memcached.simulation.run(until: { client.isEnded })
      let isWhole = client.received == Array(String(repeating: answer + "END\r\n", count: 30).utf8)
      try memcached.require(isWhole, "\(client.received.count) bytes have arrived")
    }
  }

  @Test("items expire to the second, and a removal may be put off", arguments: [1, 2])
  func expiry(loops: Int) throws {
    try withCache(loops: loops) { memcached in
      let (client, other) = (memcached.connect(), memcached.connect())
      func set(_ key: String, _ expiry: Int) throws {
        client.send("set \(key) 0 \(expiry) 1\r\nx\r\n")
        try memcached.expect("STORED", at: client)
      }
      func has(_ key: String) throws -> Bool {
        other.send("get \(key)\r\n")
        if try memcached.line(of: other) == "END" { return false }
        try expect(["x", "END"], at: other, memcached)
        return true
      }
      func require(_ key: String, isThere: Bool) throws {
        try memcached.require(try has(key) == isThere, "\(key) \(isThere ? "is gone" : "is there")")
      }
      for (key, expiry) in [
        ("short", 10), ("long", 1000), ("moment", SimulatedClock.start + 30), ("past", SimulatedClock.start - 1),
      ] { try set(key, expiry) }
      try require("past", isThere: false)
      memcached.simulation.run(for: .seconds(9))
      for key in ["short", "long", "moment"] { try require(key, isThere: true) }
      memcached.simulation.run(for: .seconds(2))
      try require("short", isThere: false)
      try require("moment", isThere: true)
      memcached.simulation.run(for: .seconds(20))
      try require("moment", isThere: false)
      // Of two removals, the later one counts.
      for delay in [1, 100] {
        client.send("flush_all \(delay)\r\n")
        try memcached.expect("OK", at: client)
      }
      memcached.simulation.run(for: .seconds(99))
      try require("long", isThere: true)
      memcached.simulation.run(for: .seconds(2))
      try require("long", isThere: false)
      client.send("flush_all 1\r\nflush_all noreply\r\n")
      try memcached.expect("OK", at: client)
      try set("kept", 0)
      memcached.simulation.run(for: .seconds(100))
      try require("kept", isThere: true)
    }
  }

  @Test("memory has its limit: what was not used for long goes first")
  func eviction() {
    var items = Items(limit: 8 << 20, now: { 0 })
    func set(_ key: String, _ value: [UInt8]) {
      #expect(items.store(Item(value: value), "set", Array(key.utf8), ifVersion: 0) == "STORED")
    }
    set("kept", [1])
    for number in 0..<200 {
      set("large\(number)", [UInt8](repeating: 0, count: 100_000))
      #expect(items.get(Array("kept".utf8)) != nil)
    }
    #expect(items.evictionCount > 100)
    #expect((2 << 20)...(8 << 20) ~= items.size)
    #expect(items.get(Array("large199".utf8)) != nil && items.get(Array("large0".utf8)) == nil)
  }

  @Test("a line without an end closes the connection")
  func longLine() throws {
    try withCache { memcached in
      let client = memcached.connect()
      client.send("get " + String(repeating: "x", count: 100_000))
      try expect(["CLIENT_ERROR line too long"], at: client, memcached)
      try memcached.expect(nil, at: client)
    }
  }

  @Test("a shutdown waits for the rest of a value, and not for a client that has asked for nothing", arguments: [1, 2])
  func shutdown(loops: Int) throws {
    try withCache(loops: loops) { memcached in
      let (idle, busy) = (memcached.connect(), memcached.connect())
      idle.send("version\r\n")
      busy.send("version\r\nset k 0 0 10\r\n12345")
      for client in [idle, busy] { try memcached.expect("VERSION 1.6.0", at: client) }
      memcached.simulation.run(for: .milliseconds(100))
      memcached.server.shutdown()
      try memcached.expect(nil, at: idle)
      busy.send("67890\r\nget k\r\n")
      try expect(["STORED", "VALUE k 0 10", "1234567890", "END"], at: busy, memcached)
      try memcached.expect(nil, at: busy)
      idle.close()
      busy.close()
      try memcached.simulation.run(until: { memcached.simulation.hasEnded(memcached.server) })
    }
  }
}
