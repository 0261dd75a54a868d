import Foundation
import TestPeers
import Testing

@Suite("redis, with clients that we did not write")
struct RedisForeignClientTests {
  /// A Python that has the module, which may be the system's own rather than the first in the path.
  static let python = ["python3", "/usr/bin/python3"].first { name in
    guard let python = try? Program(name, ["-c", "import redis"]) else { return false }
    return python.exitCode() == 0
  }

  @Test("redis-benchmark runs all its tests", .needs("redis-benchmark"))
  func benchmark() throws {
    let names = try benchmark(loops: 1, [])
    #expect(names.count == 20, "\(names)")
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
