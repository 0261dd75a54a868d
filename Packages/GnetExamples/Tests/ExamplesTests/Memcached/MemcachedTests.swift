import Foundation
import TestPeers
import Testing

@Suite("memcached")
struct MemcachedTests {
  /// The real server, whose replies are the model.
  static let original = Program.path(of: "/usr/bin/memcached")
  /// A Python that has the module `pymemcache`.
  static let python = ["python3", "/usr/bin/python3"].first { name in
    (try? Program(name, ["-c", "import pymemcache"]))?.exitCode() == 0
  }

  @Test(
    "Python's client works", .enabled(if: python != nil, "Python's module pymemcache is not installed"),
    arguments: [1, 2])
  func pythonClient(loops: Int) throws {
    let server = try Example("memcached", loops: loops)
    let script = #"""
      import sys
      from pymemcache.client.base import Client
      from pymemcache.exceptions import MemcacheClientError, MemcacheServerError
      def connect(): return Client(("127.0.0.1", int(sys.argv[1])), default_noreply=False, timeout=20)
      a, b = connect(), connect()
      assert a.set("k", b"v", flags=7) and b.get("k") == b"v"
      assert a.add("k", b"w") is False and a.replace("k", b"w") and a.append("k", b"x") and a.prepend("k", b"v")
      value, version = b.gets("k")
      assert value == b"vwx"
      assert a.cas("k", b"new", version) is True and b.cas("k", b"newer", version) is False
      assert b.cas("none", b"", version) is None
      assert a.incr("n", 1) is None and a.set("n", b"41") and b.incr("n", 1) == 42 and a.decr("n", 50) == 0
      assert a.touch("k", 100) and not a.touch("none") and a.delete("k") and not a.delete("k")
      items = {f"key{i}": bytes(str(i), "ascii") * 10 for i in range(2000)}
      assert a.set_many(items) == [] and b.get_many(items) == items
      assert a.set("noted", b"1", noreply=True) and a.get("noted") == b"1"
      try:
          a.set("large", b"x" * ((1 << 20) + 1))
          assert False
      except MemcacheServerError: pass
      assert a.set("large", b"x" * (1 << 20)) and b.get("large") == b"x" * (1 << 20)
      try:
          a.incr("large", 1)
          assert False
      except MemcacheClientError: pass
      statistics = a.stats()
      assert statistics[b"curr_items"] == 2003 and statistics[b"limit_maxbytes"] == 64 << 20, statistics
      assert a.version() and a.flush_all() and b.get_many(items) == {}
      a.quit()
      print("well done")
      """#
    let output = try output(of: try #require(Self.python), ["-c", script, server.port])
    #expect(String(decoding: output, as: UTF8.self) == "well done\n")
    server.end()
  }

  /// Requests that are answered as by the real server.
  private static let requests = [
    "get", "gets", "get a", "set a 5 0 3\r\nabc", "get a", "get a b a", "add a 0 0 1\r\nx", "add b 0 0 1\r\nx",
    "replace c 0 0 1\r\nx", "append a 9 0 2\r\nde", "prepend a 9 0 2\r\nzz", "get a", "append none 0 0 1\r\nx",
    "cas none 0 0 1 5\r\nx", "cas a 0 0 1 99999\r\nx", "cas a 0 0 1\r\n", "cas a 0 0 1 x", "", "set a 0 0", "set a",
    "set a x 0 1", "set a 0 0 -1", "set a -1 0 1", "set a 0 0 3\r\nab\r\n", "set \(key(250)) 0 0 1\r\nx",
    "set \(key(251)) 0 0 1", "get \(key(251))", "incr a 1", "set n 0 0 2\r\n10", "incr n 5", "decr n 5", "incr n -1",
    "incr n x", "incr none 1", "incr n", "incr", "get n", "incr n 18446744073709551615", "decr n 100", "delete n",
    "delete n", "delete", "delete a 0", "delete a 5", "delete a b c d", "touch b 10", "touch none 10", "touch b",
    "touch b x", "touch", "flush_all", "get b", "flush_all x", "flush_all noreply\r\nget b", "verbosity",
    "verbosity 1", "verbosity 1 noreply\r\nget b", "nonsense", "GET a", "get noreply",
    "set q 0 0 1 noreply\r\nx\r\nget q", "set q x 0 1 noreply\r\nget q", "delete q noreply\r\nget q",
    "set e 0 -1 1\r\nx\r\nget e", "set f 0 abc 1", "set lf 0 0 1\nx\r\nget lf\n",
    "set  dbl   0 0 1\r\nx\r\nget  dbl", "set large 0 0 1048577\r\n\(key(1_048_577))\r\nget large",
    "set empty 0 0 0\r\n\r\nget empty",
  ]

  private static func key(_ count: Int) -> String { String(repeating: "k", count: count) }

  @Test("replies are those of the real server", .enabled(if: original != nil, "memcached is not installed"))
  func comparison() throws {
    let server = try Example("memcached", loops: 1)
    let path = FileManager.default.temporaryDirectory.appending(path: "memcached-\(UUID().uuidString.prefix(8))").path
    let real = try Program(try #require(Self.original), ["-u", "root", "-s", path])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let model = try connect { try Client(path: path) }
    let client = try Client(port: try #require(Int(server.port)))
    for request in Self.requests {
      // A second request marks the end of the first one's answer.
      let text = "\(request)\r\nset mark 0 0 4 noreply\r\nover\r\nget mark\r\n"
      try client.send(text)
      try model.send(text)
      let end = "over\r\nEND\r\n"
      let replies = try (client.receive(through: end), model.receive(through: end))
      #expect(replies.0 == replies.1, "\(request.prefix(60))")
    }
    server.end()
    real.signal(SIGTERM)
    #expect(real.exitCode() == 0)
  }

  private func connect(_ body: () throws -> Client) throws -> Client {
    let deadline = ContinuousClock.now + .seconds(20)
    while true {
      do { return try body() } catch { if ContinuousClock.now > deadline { throw error } }
      Thread.sleep(forTimeInterval: 0.01)
    }
  }
}
