import Foundation
import TestPeers
import Testing

@Suite("statsd", .needs("python3"))
struct StatsdTests {
  /// Runs a script with `send(text)`, which sends a datagram from a socket of its own, `ask(command)`, which returns the
  /// lines of the console's answer, and `settle(count)`, which waits until as many lines have been received.
  private func run(loops: Int, interval: Int = 3600, _ script: String) throws -> Program {
    let server = try Program(
      "statsd",
      ["udp://127.0.0.1:0?reuseport=true", "tcp://127.0.0.1:0", "--loops", "\(loops)", "--interval", "\(interval)"])
    let ports = try (port(in: server.line()), port(in: server.line()))
    let prelude = """
      import socket, sys, time
      udp, tcp = [("127.0.0.1", int(port)) for port in sys.argv[1:]]
      console = socket.create_connection(tcp, 20)
      file = console.makefile("r")
      def send(text):
          with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s: s.sendto(text.encode(), udp)
      def ask(command):
          console.sendall(command.encode() + b"\\n")
          answer = []
          while (line := file.readline()) != "END\\n":
              assert line, "the console has ended"
              if line == "ERROR\\n": return line
              answer.append(line[:-1])
          assert file.readline() == "\\n"
          return answer
      def settle(count):
          deadline = time.monotonic() + 20
          while f"messages.received: {count}" not in ask("stats"): assert time.monotonic() < deadline, ask("stats")
      def equal(a, b): assert a == b, f"{a!r} is not {b!r}"

      """
    _ = try output(of: "python3", ["-I", "-c", prelude + script, ports.0, ports.1])
    return server
  }

  private func end(_ server: Program) {
    server.signal(SIGTERM)
    #expect(server.exitCode() == 0)
  }

  @Test("the samples of all senders are added up, whichever loop they have come to", arguments: [1, 3])
  func sums(loops: Int) throws {
    let server = try run(
      loops: loops,
      """
      for number in range(1, 101): send(f"hits:{number}|c\\nlatency:{number}|ms\\nusers:{number % 7}|s\\n")
      settle(300)
      equal(ask("counters"), ["hits: 5050"])
      equal(ask("timers"), ["latency: count 100, mean 50.5, min 1, max 100"])
      equal(ask("sets"), ["users: 7"])
      send("hits:1|c|@0.1\\nlatency:200|ms|@0.5")
      settle(302)
      equal(ask("counters"), ["hits: 5060"])
      assert ask("timers")[0].startswith("latency: count 102, mean 53.4"), ask("timers")
      """)
    end(server)
  }

  @Test("a gauge is set or changed, and the last value counts", arguments: [1, 3])
  func gauges(loops: Int) throws {
    let server = try run(
      loops: loops,
      """
      for number, (text, value) in enumerate([("5|g", "5"), ("7.5|g", "7.5"), ("+2|g", "9.5"), ("-10|g", "-0.5")], 1):
          send("load:" + text)
          settle(number)
          equal(ask("gauges"), [f"load: {value}"])
      """)
    end(server)
  }

  @Test("the console deletes metrics on all loops, and names unknown ones", arguments: [1, 3])
  func deletion(loops: Int) throws {
    let server = try run(
      loops: loops,
      """
      for number in range(20): send("a:1|c\\nb:1|c\\nt:1|ms\\ng:1|g")
      settle(80)
      equal(ask("delcounters a none"), ["deleted: a", "metric none not found"])
      equal(ask("counters"), ["b: 20"])
      equal(ask("deltimers t"), ["deleted: t"])
      equal(ask("timers"), [])
      equal(ask("delgauges g g"), ["deleted: g", "metric g not found"])
      equal(ask("gauges"), [])
      """)
    end(server)
  }

  @Test("bad lines are counted and change nothing")
  func badLines() throws {
    let server = try run(
      loops: 1,
      """
      bad = ["", "x", "x:", ":1|c", "x:1", "x:1|", "x:1|q", "x:y|c", "x:nan|c", "x:1|c|0.1", "x:1|c|@0", "x:1|c|@2",
             "x:1|c|@0.1|z", "a b:1|c", "\\x1b[2J:1|c", "\\u00e4:1|c"]
      for line in bad: send(line)
      send("good:1|c\\n\\n\\nx\\ngood:1|c")
      settle(len(bad) - 1 + 3)
      equal(ask("counters"), ["good: 2"])
      assert f"messages.bad_lines_seen: {len(bad)}" in ask("stats"), ask("stats")
      """)
    end(server)
  }

  @Test("the console answers a person, and ends with quit")
  func console() throws {
    let server = try run(
      loops: 2,
      """
      equal(ask("health"), ["health: up"])
      equal(ask("nonsense"), "ERROR\\n")
      assert ask("help")[0].startswith("commands: ")
      assert ask("stats")[0].startswith("uptime: ")
      console.sendall(b"\\n\\r\\nhealth\\r\\nquit\\nhealth\\n")
      equal(file.read(), "health: up\\nEND\\n\\n")
      """)
    end(server)
  }

  @Test("a report comes at each interval, and counters, timers and sets begin anew")
  func report() throws {
    let server = try run(
      loops: 2, interval: 1,
      """
      send("c:2|c\\ng:3|g\\ns:x|s\\nt:4|ms")
      settle(4)
      deadline = time.monotonic() + 20
      while ask("counters"): assert time.monotonic() < deadline
      equal([ask("timers"), ask("sets"), ask("gauges")], [[], [], ["g: 3"]])
      """)
    let expected = ["counters.c 2", "gauges.g 3", "sets.s 1", "timers.t count 1, mean 4, min 4, max 4"]
    // An interval without new samples has the gauges alone; one may pass between two lines of a datagram's report.
    var lines: Set<String> = []
    while !lines.isSuperset(of: expected), let line = server.line() { lines.insert(line) }
    #expect(lines == Set(expected))
    end(server)
  }
}
