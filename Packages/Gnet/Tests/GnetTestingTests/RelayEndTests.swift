import Gnet
import GnetTesting
import Testing

@testable import GnetWorkloads

/// The ends of relays whose peers have gone.
@Suite struct RelayEndTests {
  @Test("the reset of a backend reaches a client that goes on sending, whatever was still to be read")
  func reset() throws {
    try Simulation.run(seeds: 0..<200) { simulation in
      var options = Options()
      options.readBufferCapacity = 1
      let (client, listener) = try relay(in: simulation, options)
      try simulation.run(until: { listener.peers.first?.received.count == 7 })
      let backend = try #require(listener.peers.first)
      backend.send("an answer that is cut short")
      for _ in 0..<20 { simulation.schedule(after: .zero) { client.send("more") } }
      try simulation.run(until: { client.received.count >= 3 })
      backend.reset()
      try simulation.run(until: { client.isEnded })
      if !client.wasReset {
        throw SimulationFailure(seed: simulation.seed, "the client takes this for the end of the stream")
      }
    }
  }

  @Test("a client that has ended its own stream gets all that the backend sends before its end, however slowly")
  func lastBytes() throws {
    try Simulation.run(seeds: 0..<300) { simulation in
      simulation.network.bufferCapacity = 64
      simulation.network.splitProbability = 0.5
      var options = Options()
      options.readBufferCapacity = 100
      options.outboundHighWatermark = 30
      let (client, listener) = try relay(in: simulation, options)
      client.endOutput()
      try simulation.run(until: { listener.peers.first?.isEnded == true })
      let backend = try #require(listener.peers.first)
      let answer = [UInt8](repeating: 0x61, count: 350)
      backend.send(answer)
      backend.endOutput()
      try simulation.run(until: { client.isEnded })
      if client.received != answer {
        throw SimulationFailure(
          seed: simulation.seed, "\(client.received.count) of \(answer.count) bytes have come to the client")
      }
    }
  }

  /// A client that has sent a request through a relay, and the listener of its backend.
  private func relay(in simulation: Simulation, _ options: Options) throws -> (SimulatedPeer, SimulatedListener) {
    let address = try #require(SocketAddress("127.0.0.1:80"))
    let listener = try #require(simulation.listen(on: address))
    let server = try simulation.start([Listener("tcp://:7000", relaying(to: "127.0.0.1:80"))], options: options)
    let client = simulation.connect(to: server.addresses[0])
    client.send("request")
    return (client, listener)
  }
}
