import Gnet
import GnetTesting
import Testing

/// Servers on sockets that are given to them.
@Suite struct SimulatedHandOverTests {
  private static func service(_ name: String) -> Service {
    var events = Events()
    events.onOpened = { connection in
      connection.write(name)
      return .none
    }
    events.react = { connection, input in
      connection.write(moving: &input)
      return .none
    }
    events.onShutdown = { _ in .none }
    return Service(events)
  }

  @Test("a server on given sockets answers, and takes the descriptors", arguments: [false, true])
  func given(isListening: Bool) throws {
    let simulation = Simulation(seed: 1)
    let host = simulation.localhost
    let addresses = [SocketAddress("127.0.0.1:0"), SocketAddress("unix:/run/given")].compactMap { $0 }
    let sockets = try addresses.map { try #require(host.openSocket(on: $0, isListening: isListening)) }
    let server = try simulation.start(sockets.map { Listener(inheriting: $0, Self.service("given ")) })
    let peers = server.addresses.map { simulation.connect(to: $0) }
    for peer in peers { peer.send("x") }
    try simulation.run(until: { peers.allSatisfy { $0.receivedText == "given x" } })
    for peer in peers { peer.endOutput() }
    server.shutdown()
    try simulation.run(until: { simulation.hasEnded(server) })
    #expect(host.openDescriptorCount == 0)
    #expect(host.hasFile(at: "/run/given"))
  }

  @Test("a successor takes over while the connections of its predecessor go on")
  func handOver() throws {
    try Simulation.run(seeds: 0..<20) { simulation in
      var options = Options()
      options.drainTimeout = .seconds(60)
      let addresses = ["tcp://127.0.0.1:7000", "unix:///run/served"]
      let first = try simulation.start(addresses.map { Listener($0, Self.service("first ")) }, options: options)
      let early = first.addresses.map { simulation.connect(to: $0) }
      try simulation.run(until: { early.allSatisfy { $0.receivedText == "first " } })
      let second = try simulation.handOver(first, to: addresses.map { Listener($0, Self.service("second ")) })
      #expect(second.addresses == first.addresses)
      let late = second.addresses.map { simulation.connect(to: $0) }
      for peer in early + late { peer.send("x") }
      try simulation.run(until: {
        early.allSatisfy { $0.receivedText == "first x" } && late.allSatisfy { $0.receivedText.hasSuffix(" x") }
      })
      for peer in early + late { peer.endOutput() }
      try simulation.run(until: { simulation.hasEnded(first) })
      #expect(simulation.localhost.hasFile(at: "/run/served"))
      second.shutdown()
      try simulation.run(until: { simulation.hasEnded(second) })
      #expect(!simulation.localhost.hasFile(at: "/run/served"))
      #expect(simulation.localhost.openDescriptorCount == 0)
    }
  }

  @Test("a successor that cannot start changes nothing")
  func failingSuccessor() throws {
    let simulation = Simulation(seed: 1)
    let first = try simulation.start([Listener("tcp://:7000", Self.service("first "))])
    #expect(throws: ServeError.self) {
      try simulation.handOver(
        first, to: [Listener("tcp://:7000", Self.service("second ")), Listener("nonsense", Self.service(""))])
    }
    let peer = simulation.connect(to: first.addresses[0])
    try simulation.run(until: { peer.receivedText == "first " })
    #expect(!first.isShuttingDown)
  }
}
