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

  @Test(
    "a client that reads late gets all of many large answers, and the server does not grow meanwhile",
    .needs("python3"), arguments: ["get big\r\n", "get big big big\r\n"])
  func lateReader(request: String) throws {
    let server = try Example("memcached", loops: 1)
    try server.python(
      """
      def resident_bytes():
          with open("/proc/\(server.server.processIdentifier)/statm") as file: return int(file.read().split()[1]) * 4096
      value, request = b"x" * 1_000_000, \(request.debugDescription).encode()
      answer = b"VALUE big 0 1000000\\r\\n" + value + b"\\r\\n"
      s = connect()
      s.sendall(b"set big 0 0 1000000\\r\\n" + value + b"\\r\\n" + request)
      read = s.makefile("rb").read
      equal(read(8), b"STORED\\r\\n")
      whole = answer * request.count(b"big") + b"END\\r\\n"
      assert read(len(whole)) == whole
      before = resident_bytes()
      s.sendall(request * 300)
      s.shutdown(socket.SHUT_WR)
      witness = connect()
      for round in range(20):
          say(witness, "version\\r\\n")
          assert lines(witness)().startswith("VERSION")
      for number in range(300):
          assert read(len(whole)) == whole
          if number % 50 == 0: assert resident_bytes() - before < 16 << 20, resident_bytes() - before
      equal(read(), b"")
      """)
    server.end()
  }

  @Test(
    "requests in single bytes and at once get the same answers",
    .needs("python3"))
  func pieces() throws {
    let server = try Example("memcached", loops: 1)
    try server.python(
      """
      requests = b"set a 1 0 4\\r\\nx\\r\\ny\\r\\nget a b\\r\\nset b 0 0 2 noreply\\r\\nzz\\r\\nget a b\\r\\nverbosity 1\\r\\nquit\\r\\n"
      expected = (b"STORED\\r\\nVALUE a 1 4\\r\\nx\\r\\ny\\r\\nEND\\r\\n"
                  b"VALUE a 1 4\\r\\nx\\r\\ny\\r\\nVALUE b 0 2\\r\\nzz\\r\\nEND\\r\\nOK\\r\\n")
      for size in [1, 2, 7, len(requests)]:
          s = connect()
          s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
          say(s, "flush_all\\r\\n")
          equal(s.recv(10), b"OK\\r\\n")
          for start in range(0, len(requests), size): s.sendall(requests[start:start + size])
          equal(s.makefile("rb").read(), expected)
      """)
    server.end()
  }

  @Test(
    "items expire, a removal may be put off, and memory has its limit",
    .needs("python3"))
  func expiry() throws {
    let server = try Example("memcached", loops: 2, ["--memory", "8"])
    try server.python(
      """
      import time
      s, t = connect(), connect()
      line, other = lines(s), lines(t)
      def set(key, expiry):
          say(s, f"set {key} 0 {expiry} 1\\r\\nx\\r\\n")
          equal(line(), "STORED\\r\\n")
      def has(key):
          say(t, f"get {key}\\r\\n")
          if other() == "END\\r\\n": return False
          equal([other(), other()], ["x\\r\\n", "END\\r\\n"])
          return True
      def until(condition):
          deadline = time.monotonic() + 20
          while not condition(): assert time.monotonic() < deadline
      start = time.monotonic()
      for key, expiry in [("short", 1), ("long", 1000), ("moment", int(time.time()) + 1000), ("past", int(time.time()) - 1)]:
          set(key, expiry)
      assert has("long") and has("moment") and not has("past")
      until(lambda: not has("short"))
      assert time.monotonic() - start >= 1 and has("long")
      start = time.monotonic()
      for delay in [1000, 1]:
          say(s, f"flush_all {delay}\\r\\n")
          equal(line(), "OK\\r\\n")
      assert has("long")
      until(lambda: not has("long"))
      assert time.monotonic() - start >= 1
      set("new", 0)
      say(s, "flush_all 1\\r\\nflush_all noreply\\r\\n")
      equal(line(), "OK\\r\\n")
      set("kept", 0)
      value = "x" * 100_000
      for number in range(200):
          say(s, f"set large{number} 0 0 100000\\r\\n{value}\\r\\n")
          equal(line(), "STORED\\r\\n")
          assert has("kept")
      say(t, "stats\\r\\n")
      statistics = {}
      while (text := other()) != "END\\r\\n": statistics[text.split()[1]] = int(text.split()[2])
      assert statistics["evictions"] > 100 and 2 << 20 < statistics["bytes"] <= 8 << 20, statistics
      say(t, "get large199\\r\\n")
      equal(other(), "VALUE large199 0 100000\\r\\n")
      """)
    server.end()
  }

  @Test(
    "a line without an end closes the connection, and a shutdown waits for the rest of a value",
    .needs("python3"))
  func endings() throws {
    let server = try Example("memcached", loops: 1)
    try server.python(
      """
      import os, signal
      s = connect()
      s.sendall(b"get " + b"x" * 100_000)
      equal(s.makefile("rb").read(), b"CLIENT_ERROR line too long\\r\\n")
      idle, busy = connect(), connect()
      say(idle, "version\\r\\n")
      assert lines(idle)().startswith("VERSION")
      say(busy, "version\\r\\nset k 0 0 10\\r\\n12345")
      read = lines(busy)
      assert read().startswith("VERSION")
      os.kill(\(server.server.processIdentifier), signal.SIGTERM)
      equal(idle.recv(1), b"")
      say(busy, "67890\\r\\nget k\\r\\n")
      equal([read(), read(), read(), read(), read()], ["STORED\\r\\n", "VALUE k 0 10\\r\\n", "1234567890\\r\\n", "END\\r\\n", ""])
      """)
    #expect(server.server.exitCode() == 0)
  }
}
