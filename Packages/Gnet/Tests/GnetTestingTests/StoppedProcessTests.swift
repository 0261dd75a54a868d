import Gnet
import GnetTesting
import Testing

/// Processes that were stopped for longer than their time-outs.
@Suite struct StoppedProcessTests {
  /// The ways to limit the silence of a peer.
  enum Limit: CaseIterable {
    case idleTimeout, readTimeout, setTimeout
  }

  private static let timeout = Duration.seconds(5)

  /// Sends all input back.
  private struct Echo: ConnectionHandler {
    let timeout: Duration?

    mutating func opened(_ connection: inout Connection) -> Action {
      connection.setTimeout(timeout)
      return .none
    }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      connection.setTimeout(timeout)
      connection.write(moving: &input)
      return .none
    }
  }

  @Test("of 1,000 peers that have sent while the process stood still, none is cut", arguments: Limit.allCases)
  func stopped(limit: Limit) throws {
    var options = Options()
    if limit == .idleTimeout { options.idleTimeout = Self.timeout }
    if limit == .readTimeout { options.readTimeout = Self.timeout }
    let service = Service { _ in Echo(timeout: limit == .setTimeout ? Self.timeout : nil) }
    try Simulation.run(seeds: 1...1) { simulation in
      // A kernel reports a limited number of sockets at once.
      simulation.faults.partialWaitProbability = 1
      let host = simulation.host("server")
      host.descriptorLimit = 2000
      let server = try simulation.start([Listener("tcp://:7000", service)], options: options, on: host)
      let address = try #require(SocketAddress("\(host.address.host ?? ""):7000"))
      let silent = simulation.connect(to: address)
      let clients = (0..<1000).map { _ in simulation.connect(to: address) }
      try simulation.run(until: { server.connectionCount == 1001 })
      host.stop()
      for client in clients { client.send("x") }
      simulation.advance(by: Self.timeout * 2)
      host.resume()
      try simulation.run(until: { clients.allSatisfy { $0.receivedText == "x" } && silent.isEnded })
      #expect(clients.count { $0.isEnded } == 0)
    }
  }
}
