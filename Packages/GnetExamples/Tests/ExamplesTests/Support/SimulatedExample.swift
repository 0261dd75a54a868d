import Gnet
import GnetTesting

/// A server on a simulated network.
protocol SimulatedServer {
  var simulation: Simulation { get }
  var server: Server { get }
}

extension SimulatedServer {
  /// Fails the test, and tells the seed, unless a condition holds.
  func require(_ condition: Bool, _ problem: @autoclosure () -> String) throws {
    if !condition { throw SimulationFailure(seed: simulation.seed, problem()) }
  }

  /// The sum of a figure of all loops.
  func total(_ figure: KeyPath<LoopStatistics, UInt64>) -> UInt64 {
    server.loops.reduce(0) { $0 + $1.statistics[keyPath: figure] }
  }
}

/// An example on a simulated network.
struct SimulatedExample: SimulatedServer {
  let simulation: Simulation
  let server: Server

  /// Runs a test once for each of several seeds, with an example of its own that serves `service` over TCP.
  static func run(
    _ service: @autoclosure () -> Service, _ options: Options = Options(), loops: Int = 1,
    seeds: Range<UInt64> = 0..<20, _ test: (SimulatedExample) throws -> Void
  ) throws {
    var options = options
    options.loopCount = loops
    try Simulation.run(seeds: seeds) { simulation in
      let server = try simulation.start([Listener("tcp://:9000", service())], options: options)
      try test(SimulatedExample(simulation: simulation, server: server))
    }
  }

  /// Connects a client from another host.
  func connect() -> SimulatedPeer {
    simulation.connect(to: simulation.localhost.address(port: 9000), from: simulation.host("client"))
  }

  /// The next line that a client gets; `nil` at the end of its stream.
  func line(of client: SimulatedPeer) throws -> String? { try simulation.nextLine(of: client) }

  /// Waits for a client's next line, or for the end of its stream, which must be `text`.
  func expect(_ text: String?, at client: SimulatedPeer) throws {
    let line = try line(of: client)
    try require(line == text, "\(line ?? "the end") instead of \(text ?? "the end")")
  }
}

extension SimulatedHost {
  /// The host's IPv4 address with a port.
  func address(port: Int) -> SocketAddress { SocketAddress("\(address.host ?? ""):\(port)")! }
}
