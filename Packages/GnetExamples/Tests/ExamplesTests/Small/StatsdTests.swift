import Foundation
import Gnet
import GnetTesting
import TestPeers
import Testing

@testable import statsd

@Suite("statsd")
struct StatsdTests {
  // MARK: On a simulated network

  /// A server, and a client of its console.
  private struct Network: SimulatedServer {
    let simulation: Simulation
    let server: Server
    private let console: SimulatedPeer
    private var client: SimulatedHost { simulation.host("client") }

    init(_ simulation: Simulation, loops: Int) throws {
      self.simulation = simulation
      var options = Options()
      options.loopCount = loops
      let metrics = Metrics()
      server = try simulation.start(
        [
          Listener("udp://:8125?reuseport=true", Statsd.datagrams(for: metrics)),
          Listener("tcp://:8126", Statsd.console(of: metrics)),
        ], options: options)
      console = simulation.connect(to: simulation.localhost.address(port: 8126), from: simulation.host("client"))
    }

    /// Sends datagrams, each from a socket of its own, and waits until all have arrived.
    func send(_ texts: String...) { send(texts) }

    func send(_ texts: [String]) {
      let address = simulation.localhost.address(port: 8125)
      for text in texts { simulation.openDatagramPeer(on: client).send(Array(text.utf8), to: address) }
      simulation.run(for: .milliseconds(100))
    }

    /// The lines of the console's answer to a command; `nil` for an unknown command.
    func ask(_ command: String) throws -> [String]? {
      console.send(command + "\n")
      var answer: [String] = []
      while let line = try simulation.nextLine(of: console), line != "END" {
        if line == "ERROR" { return nil }
        answer.append(line)
      }
      try require(try simulation.nextLine(of: console) == "", "no empty line behind the answer to \(command)")
      return answer
    }

    /// Fails the test unless the console answers a command with some lines.
    func expect(_ lines: [String]?, for command: String) throws {
      let answer = try ask(command)
      try require(answer == lines, "the answer to \(command) is \(answer ?? ["ERROR"])")
    }

    /// Sends bytes to the console. Returns everything that comes to the end of the stream.
    func converse(_ text: String) throws -> String {
      console.send(text)
      try simulation.run(until: { console.isEnded })
      return console.receivedText
    }
  }

  private func withNetworks(loops: Int, _ test: (Network) throws -> Void) throws {
    try Simulation.run(seeds: 0..<10) { simulation in try test(Network(simulation, loops: loops)) }
  }

  @Test("the samples of all senders are added up, whichever loop they have come to", arguments: [1, 3])
  func sums(loops: Int) throws {
    try withNetworks(loops: loops) { statsd in
      statsd.send((1...100).map { "hits:\($0)|c\nlatency:\($0)|ms\nusers:\($0 % 7)|s\n" })
      try statsd.expect(["hits: 5050"], for: "counters")
      try statsd.expect(["latency: count 100, mean 50.5, min 1, max 100"], for: "timers")
      try statsd.expect(["users: 7"], for: "sets")
      statsd.send("hits:1|c|@0.1\nlatency:200|ms|@0.5")
      try statsd.expect(["hits: 5060"], for: "counters")
      let timers = try statsd.ask("timers") ?? []
      try statsd.require(timers[0].hasPrefix("latency: count 102, mean 53.4"), "\(timers)")
    }
  }

  @Test("a gauge is set or changed, and the last value counts", arguments: [1, 3])
  func gauges(loops: Int) throws {
    try withNetworks(loops: loops) { statsd in
      for (text, value) in [("5|g", "5"), ("7.5|g", "7.5"), ("+2|g", "9.5"), ("-10|g", "-0.5")] {
        statsd.send("load:" + text)
        try statsd.expect(["load: \(value)"], for: "gauges")
      }
    }
  }

  @Test("the console deletes metrics on all loops, and names unknown ones", arguments: [1, 3])
  func deletion(loops: Int) throws {
    try withNetworks(loops: loops) { statsd in
      statsd.send(Array(repeating: "a:1|c\nb:1|c\nt:1|ms\ng:1|g", count: 20))
      try statsd.expect(["deleted: a", "metric none not found"], for: "delcounters a none")
      try statsd.expect(["b: 20"], for: "counters")
      try statsd.expect(["deleted: t"], for: "deltimers t")
      try statsd.expect([], for: "timers")
      try statsd.expect(["deleted: g", "metric g not found"], for: "delgauges g g")
      try statsd.expect([], for: "gauges")
    }
  }

  @Test("bad lines are counted and change nothing")
  func badLines() throws {
    let bad = [
      "x", "x:", ":1|c", "x:1", "x:1|", "x:1|q", "x:y|c", "x:nan|c", "x:1|c|0.1", "x:1|c|@0", "x:1|c|@2",
      "x:1|c|@0.1|z",
      "a b:1|c", "\u{1b}[2J:1|c", "\u{e4}:1|c",
    ]
    try withNetworks(loops: 1) { statsd in
      statsd.send([""] + bad + ["good:1|c\n\n\nx\ngood:1|c"])
      try statsd.expect(["good: 2"], for: "counters")
      let statistics = try statsd.ask("stats") ?? []
      try statsd.require(statistics.contains("messages.received: \(bad.count + 3)"), "\(statistics)")
      try statsd.require(statistics.contains("messages.bad_lines_seen: \(bad.count + 1)"), "\(statistics)")
    }
  }

  @Test("the console answers a person, and ends with quit", arguments: [1, 2])
  func console(loops: Int) throws {
    try withNetworks(loops: loops) { statsd in
      try statsd.expect(["health: up"], for: "health")
      try statsd.expect(nil, for: "nonsense")
      for (command, start) in [("help", "commands: "), ("stats", "uptime: ")] {
        let answer = try statsd.ask(command) ?? []
        try statsd.require(answer.first?.hasPrefix(start) == true, "\(answer)")
      }
      let answers = try statsd.converse("\n\r\nhealth\r\nquit\nhealth\n")
      try statsd.require(answers == "health: up\nEND\n\n", answers)
    }
  }

  // MARK: Between programs

  @Test("a report comes at each interval, and counters, timers and sets begin anew", .needs("python3"))
  func report() throws {
    let server = try Program("statsd", ["udp://127.0.0.1:0", "tcp://127.0.0.1:0", "--interval", "1"])
    let ports = try (port(in: server.line()), port(in: server.line()))
    let script = """
      import socket, sys, time
      udp, tcp = [("127.0.0.1", int(port)) for port in sys.argv[1:]]
      socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"c:2|c\\ng:3|g\\ns:x|s\\nt:4|ms", udp)
      console = socket.create_connection(tcp, 20)
      file = console.makefile("r")
      def ask(command):
          console.sendall(command.encode() + b"\\n")
          answer = []
          while (line := file.readline()) != "END\\n": answer.append(line[:-1])
          assert file.readline() == "\\n"
          return answer
      deadline = time.monotonic() + 20
      while ask("gauges") != ["g: 3"] or ask("counters"): assert time.monotonic() < deadline
      assert [ask("timers"), ask("sets")] == [[], []]
      """
    _ = try output(of: "python3", ["-I", "-c", script, ports.0, ports.1])
    let expected = ["counters.c 2", "gauges.g 3", "sets.s 1", "timers.t count 1, mean 4, min 4, max 4"]
    // An interval without new samples has the gauges alone; one may pass between two lines of a datagram's report.
    var lines: Set<String> = []
    while !lines.isSuperset(of: expected), let line = server.line() { lines.insert(line) }
    #expect(lines == Set(expected))
    server.signal(SIGTERM)
    #expect(server.exitCode() == 0)
  }
}
