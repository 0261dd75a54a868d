import Gnet
import GnetTesting
import Testing

/// The ends of connections that were handed over.
@Suite struct AdoptedEndTests {
  private static let answer = "an answer that is longer"

  /// Answers, and detaches.
  private struct First: ConnectionHandler {
    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      input.removeAll()
      connection.write(answer)
      return .detach
    }

    consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) {
      connection.loop.adopt(detached, Service { _ in Second() })
    }
  }

  /// Reads nothing, and closes after a while.
  private struct Second: ConnectionHandler {
    mutating func opened(_ connection: inout Connection) -> Action {
      connection.isReadingPaused = true
      connection.setTimeout(.milliseconds(50))
      return .none
    }
    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
  }

  @Test("a connection that is handed over and closed still delivers what was sent before")
  func deliversOutput() throws {
    try Simulation.run(seeds: 0..<20) { simulation in
      simulation.network.bufferCapacity = 16
      let server = try simulation.start([Listener("tcp://:7000", Service { _ in First() })])
      let client = simulation.connect(to: server.addresses[0])
      client.isReadingPaused = true
      client.send("request")
      simulation.run(for: .milliseconds(20))
      client.send("more")  // nobody reads it
      simulation.run(for: .milliseconds(200))
      client.isReadingPaused = false
      try simulation.run(until: { client.isEnded })
      #expect(client.receivedText == Self.answer)
    }
  }
}
