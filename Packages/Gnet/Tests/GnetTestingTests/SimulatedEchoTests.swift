import Gnet
import GnetTesting
import Testing

/// Servers on the simulated system.
@Suite struct SimulatedEchoTests {
  private static let text = Array("Everything comes back, whatever the network does to it.\n".utf8)

  @Test(
    "a peer gets back what it has sent",
    arguments: ["tcp://:7000", "tcp4://127.0.0.1:0", "unix:///run/echo", "tcp6://[::1]:80"])
  func echo(_ address: String) throws {
    let simulation = Simulation(seed: 1)
    let (server, peer) = try simulation.serve(Listener(address, Service(.echo)))
    peer.send(Self.text)
    try simulation.run(until: { peer.received == Self.text })
    peer.endOutput()
    try simulation.run(until: { peer.isEnded })
    #expect(!peer.wasReset)
    server.shutdown()
    try simulation.run(until: { simulation.hasEnded(server) })
    #expect(simulation.localhost.openDescriptorCount == 0)
  }

  @Test("several loops serve many peers of another host")
  func manyPeers() throws {
    let simulation = Simulation(seed: 2)
    var options = Options()
    options.loopCount = 3
    let backend = simulation.host("backend.example")
    let server = try simulation.start([Listener("tcp://:7000", Service(.echo))], options: options, on: backend)
    let address = try #require(SocketAddress("\(backend.address.host ?? ""):7000"))
    let peers = (0..<20).map { _ in simulation.connect(to: address) }
    for peer in peers { peer.send(Self.text) }
    try simulation.run(until: { peers.allSatisfy { $0.received == Self.text } })
    #expect(server.connectionCount == 20)
    #expect(server.loops.allSatisfy { $0.statistics.connectionsOpened > 5 })
  }

  private static func course(seed: UInt64) throws -> (UInt64, [String]) {
    let simulation = Simulation(seed: seed)
    simulation.drawFaults()
    var options = Options()
    options.loopCount = 2
    if let server = try? simulation.start([Listener("tcp://:7000", Service(.echo))], options: options) {
      let peers = (0..<5).map { _ in simulation.connect(to: server.addresses[0], from: simulation.host("peer")) }
      for peer in peers { peer.send(text) }
      simulation.run(for: .seconds(10))
      server.shutdown()
      simulation.run(for: .seconds(10))
    }
    return (simulation.traceHash, simulation.trace)
  }

  @Test("the same seed gives the same course", arguments: UInt64(0)..<20)
  func sameSeedSameCourse(_ seed: UInt64) throws {
    let first = try Self.course(seed: seed)
    let second = try Self.course(seed: seed)
    #expect(first.1 == second.1)
    #expect(first.0 == second.0)
  }

  @Test("different seeds give different courses")
  func differentCourses() throws {
    let hashes = try (0..<20).map { try Self.course(seed: $0).0 }
    #expect(Set(hashes).count == 20)
  }

  @Test("a condition that never holds ends with the line that replays the simulation")
  func replay() throws {
    let simulation = Simulation(seed: 77)
    _ = try simulation.start([Listener("tcp://:7000", Service(.echo))])
    let failure = try #require(throws: SimulationFailure.self) { try simulation.run(until: { false }) }
    #expect(failure.description.hasSuffix("to replay this: Simulation(seed: 77)"))
    #expect(simulation.now == .seconds(60))
  }

  @Test("a time-out fires when the simulated time has come, and takes no real time")
  func timeOut() throws {
    var options = Options()
    options.idleTimeout = .seconds(300)
    let simulation = Simulation(seed: 3)
    let (_, peer) = try simulation.serve(Service(.echo), options: options)
    simulation.advance(by: .seconds(299))
    #expect(peer.isOpened && !peer.isEnded)
    simulation.advance(by: .seconds(2))
    #expect(peer.isEnded)
  }
}
