import Gnet
import GnetTesting
import Testing

/// The ends of relays whose peers have gone.
@Suite struct RelayEndTests {
  /// A client's connection that is relayed to a backend.
  private struct Front: ConnectionHandler {
    static var isFullDuplex: Bool { true }

    mutating func opened(_ connection: inout Connection) -> Action {
      connection.isReadingPaused = true
      let front = connection.handle
      connection.loop.connect(to: "127.0.0.1:80", Service { _ in Back(front) }) { _ in front.abort() }
      return .none
    }
    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
  }

  private struct Back: ConnectionHandler {
    let front: ConnectionHandle
    var relay: Relay

    init(_ front: ConnectionHandle) {
      self.front = front
      relay = Relay(to: front)
    }

    static var isFullDuplex: Bool { true }

    mutating func opened(_ connection: inout Connection) -> Action {
      let back = connection.handle
      _ = front.withConnection { client in
        client.become(Service { _ in Relay(to: back) })
        client.isReadingPaused = false
      }
      return .none
    }
    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      relay.react(&connection, &input)
    }
    mutating func drained(_ connection: inout Connection) -> Action { relay.drained(&connection) }
    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { relay.closed(&connection, error) }
  }

  @Test("the reset of a backend reaches a client that goes on sending, whatever was still to be read")
  func reset() throws {
    try Simulation.run(seeds: 0..<200) { simulation in
      var options = Options()
      options.readBufferCapacity = 1
      let address = try #require(SocketAddress("127.0.0.1:80"))
      let listener = try #require(simulation.listen(on: address))
      let server = try simulation.start([Listener("tcp://:7000", Service { _ in Front() })], options: options)
      let client = simulation.connect(to: server.addresses[0])
      client.send("request")
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
}
