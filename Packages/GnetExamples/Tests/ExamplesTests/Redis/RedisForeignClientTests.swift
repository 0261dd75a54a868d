import Foundation
import TestPeers
import TestSupport
import Testing

@Suite("redis, with clients that we did not write")
struct RedisForeignClientTests {
  static let python = Python.installed(with: "redis")
  static let currentPython = Python.current(with: "redis")

  @Test("redis-benchmark runs all its tests", .needs("redis-benchmark"))
  func benchmark() throws {
    let names = try benchmark(loops: 1, [])
    #expect(names.count == 20, "\(names)")
  }

  @Test("redis-benchmark runs its tests in RESP3", .needs("redis-benchmark"))
  func benchmarkOfRESP3() throws {
    let names = try benchmark(loops: 2, ["-3", "-t", "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,mset"])
    #expect(names.count == 13, "\(names)")
    let streams = try benchmark(loops: 2, ["-r", "10", "XADD", "stream:__rand_int__", "*", "field", "value"])
    #expect(streams.count == 1, "\(streams)")
  }

  @Test("redis-benchmark runs its tests with pipelines of 16 requests", .needs("redis-benchmark"))
  func benchmarkOfPipelines() throws {
    // The requests of LRANGE, whose replies are large, are left to the other run: they take long in a debug build.
    let tests = "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,mset"
    let names = try benchmark(loops: 2, ["-P", "16", "-t", tests])
    #expect(names.count == 15, "\(names)")
  }

  /// Runs it, and returns the names of the tests of which it tells figures.
  private func benchmark(loops: Int, _ arguments: [String]) throws -> [Substring] {
    let server = try RedisServer(loops: loops)
    let program = try Program("redis-benchmark", ["-p", try server.port(), "--csv", "-n", "20000"] + arguments)
    let lines = text(program.outputToEnd()).split(separator: "\n")
    #expect(program.exitCode() == 0)
    #expect(program.errorsToEnd() == "")
    try server.expectService()
    server.stop()
    // The first is a heading.
    return lines.dropFirst().compactMap { $0.split(separator: "\"").first }
  }

  @Test("redis-cli knows the commands from the server", .needs("redis-cli"))
  func commandLine() throws {
    let server = try RedisServer()
    let port = try server.port()
    func cli(_ input: String, _ arguments: String...) throws -> String {
      text(try output(of: "redis-cli", ["-p", port] + arguments, input: Array(input.utf8)))
    }
    #expect(try cli("", "SET", "k", "a b") == "OK\n")
    #expect(try cli("", "--no-raw", "LRANGE", "none", "0", "-1") == "(empty array)\n")
    #expect(try cli("set k 1\nincr k\nget k\nhset h f v\nhgetall h\n") == "OK\n2\n2\n1\nf\nv\n")
    // Its help is made of what COMMAND DOCS has told it.
    let help = try cli("help set\n")
    #expect(help.contains("key value [NX|XX] [GET] [EX seconds|PX milliseconds"))
    #expect(help.contains("Sets a key to a string"))
    #expect(try cli("", "--scan", "--pattern", "h*") == "h\n")
    #expect(try cli("hgetall h\nget none\n", "-3", "--no-raw") == "1# \"f\" => \"v\"\n(nil)\n")
    #expect(try cli("multi\nset k 2\nincr k\nexec\n") == "OK\nQUEUED\nQUEUED\nOK\n3\n")
    server.stop()
  }

  @Test("redis-cli --stat tells memory, clients and requests", .needs("redis-cli"))
  func statistics() throws {
    let server = try RedisServer()
    let port = try server.port()
    let idle = try server.connect()
    #expect(idle.call("SET", "k", "v") == "+OK\r\n")
    let terminal = try PseudoTerminal(columns: 100, rows: 30)
    let tool = try Program("redis-cli", ["-p", port, "--stat"], on: terminal)
    var line: [Substring] = []
    try TestSupport.require("there is a line of figures") {
      let lines = tool.outputSoFar.split(whereSeparator: \.isNewline)
      line = lines.count > 3 ? lines[2].split(separator: " ") : []
      return !line.isEmpty
    }
    tool.signal(SIGTERM)
    // Keys, memory, clients, blocked clients, requests, the increase of the last, connections.
    #expect(line.count >= 7 && line[0] == "1" && line[2] == "2" && line[3] == "0", "\(line)")
    let memory = line.count > 1 ? line[1] : ""
    #expect(memory.wholeMatch(of: /[0-9]+\.[0-9]{2}[KMG]/) != nil, "\(line)")
    server.stop()
  }

  @Test(
    "Python's newest client works, in the version of the protocol that it chooses, and in both that it knows",
    .enabled(if: currentPython != nil, "the module redis cannot be had from Python's package index"),
    arguments: ["", ", protocol=2", ", protocol=3"])
  func currentPythonClient(option: String) throws {
    let server = try RedisServer(loops: 2)
    let script = """
      import sys, threading, redis
      def client(**more): return redis.Redis(port=int(sys.argv[1]), decode_responses=True, **more\(option))
      def equal(a, b): assert a == b, f"{a!r} is not {b!r}"
      r = client(client_name="python")
      assert r.ping()
      equal(r.client_getname(), "python")
      # A pipeline is a transaction.
      p = r.pipeline()
      p.set("a", 1).incr("a").get("a").hset("h", "f", "v").hgetall("h").lpush("a", 1)
      results = p.execute(raise_on_error=False)
      equal(results[:5], [True, 2, "2", 1, {"f": "v"}])
      assert isinstance(results[5], redis.ResponseError)
      with r.pipeline() as p:
          p.watch("a")
          r.set("a", 99)
          p.multi()
          p.set("a", 3)
          try: p.execute(); assert False
          except redis.WatchError: pass
      equal(r.transaction(lambda p: (p.multi(), p.incr("a")), "a"), [100])
      # Messages to a thread of its own.
      received, count = [], threading.Semaphore(0)
      subscriber = client()
      channels = subscriber.pubsub(ignore_subscribe_messages=True)
      def take(message):
          received.append((message["type"], message["channel"], message["data"]))
          count.release()
      channels.subscribe(**{"news": take})
      channels.psubscribe(**{"n*": take})
      thread = channels.run_in_thread(sleep_time=0.01)
      while r.pubsub_numsub("news") != [("news", 1)] or r.pubsub_numpat() != 1: pass
      for number in range(100): equal(r.publish("news", str(number)), 2)
      for _ in range(200): assert count.acquire(timeout=20)
      equal([data for kind, _, data in received if kind == "message"], [str(number) for number in range(100)])
      equal([data for kind, _, data in received if kind == "pmessage"], [str(number) for number in range(100)])
      thread.stop(); thread.join()
      channels.close()
      # Commands that it has a form of its own for.
      equal(r.set("k", "v", ex=100), True)
      equal(r.getex("k", persist=True), "v")
      equal(r.ttl("k"), -1)
      equal(r.getdel("k"), "v")
      equal(r.incrbyfloat("f", 1.5), 1.5)
      equal(r.sadd("s", "x"), 1)
      equal(r.smembers("s"), {"x"})
      equal(r.zadd("z", {"m": 1.5}), 1)
      equal(r.zscore("z", "m"), 1.5)
      entry = r.xadd("x", {"f": "v"})
      equal([tuple(entry) for entry in r.xrange("x")], [(entry, {"f": "v"})])
      equal(r.unlink("k", "f", "s"), 2)
      equal(r.config_set("save", ""), True)
      equal(r.client_no_evict("ON"), "OK")
      assert r.info("memory")["used_memory"] > 0
      equal(r.client_kill_filter(_id=subscriber.client_id()), 1)
      equal(list(r.scan_iter("none*")), [])
      try: redis.Redis(port=int(sys.argv[1]), password="secret", protocol=2).ping(); assert False
      except redis.AuthenticationError as error:
          assert str(error).startswith("AUTH <password> called without any password configured"), error
      equal(client(username="default", password="any").ping(), True)
      print("well done")
      """
    let output = try output(of: try #require(Self.currentPython), ["-c", script, try server.port()])
    #expect(text(output) == "well done\n")
    server.stop()
  }

  @Test("Python's client works", .enabled(if: python != nil, "Python's module redis is not installed"))
  func pythonClient() throws {
    let server = try RedisServer(loops: 2)
    let script = #"""
      import sys, redis
      r = redis.Redis(port=int(sys.argv[1]), client_name="python", decode_responses=True)
      assert r.ping()
      assert r.set("k", "v", ex=100, nx=True) is True
      assert r.set("k", "w", xx=True, get=True) == "v"
      assert r.get("k") == "w" and r.ttl("k") == -1
      assert r.mset({"a": 1, "b": 2}) and r.mget("a", "b", "c") == ["1", "2", None]
      assert r.incrby("a", 41) == 42
      assert r.rpush("l", 1, 2, 3) == 3 and r.lrange("l", 0, -1) == ["1", "2", "3"] and r.lpop("l", 2) == ["1", "2"]
      assert r.sadd("s", "x", "y") == 2 and r.smembers("s") == {"x", "y"} and len(r.spop("s", 2)) == 2
      assert r.hset("h", mapping={"f": "v", "g": "w"}) == 2 and r.hgetall("h") == {"f": "v", "g": "w"}
      assert r.zadd("z", {"m": 1.5, "n": 2}) == 2
      assert r.zrange("z", 0, -1, withscores=True) == [("m", 1.5), ("n", 2.0)] and r.zscore("z", "m") == 1.5
      assert r.zpopmin("z") == [("m", 1.5)]
      assert sorted(r.scan_iter("*")) == sorted(r.keys("*"))
      assert r.client_getname() == "python" and r.client_list()[0]["name"] == "python"
      assert r.info()["redis_version"] == "7.0.15" and r.info("keyspace")["db0"]["keys"] == r.dbsize()
      assert r.config_get("databases") == {"databases": "16"}
      assert "get" in r.command() and r.command_count() == len(r.command())
      try:
        r.lpush("k", 1)
        assert False
      except redis.ResponseError as error:
        assert str(error) == "WRONGTYPE Operation against a key holding the wrong kind of value"
      with r.pipeline(transaction=False) as p:
        for i in range(1000): p.set(f"p{i}", i)
        for i in range(1000): p.get(f"p{i}")
        assert p.execute()[1000:] == [str(i) for i in range(1000)]
      assert r.flushall() and r.dbsize() == 0
      print("well done")
      """#
    let python = try #require(Self.python)
    let output = try output(of: python, ["-c", script, try server.port()])
    #expect(text(output) == "well done\n")
    server.stop()
  }
}
