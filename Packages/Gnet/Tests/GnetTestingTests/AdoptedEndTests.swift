import Gnet
import GnetTesting
import TestSupport
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

  /// Answers, ends its output, and detaches.
  private struct LastAnswer: ConnectionHandler {
    let calls: Log<String>

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      input.removeAll()
      connection.write(answer)
      connection.endOutput()
      return .detach
    }

    consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) {
      let calls = calls
      calls.add("output ended: \(detached.isOutputEnded)")
      connection.loop.adopt(detached, Service { _ in Reader(calls: calls) })
    }
  }

  /// Reads a word, though it would write too.
  private struct Reader: ConnectionHandler {
    let calls: Log<String>

    mutating func opened(_ connection: inout Connection) -> Action {
      connection.write("too late")
      return .none
    }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      if input.count >= 4 { calls.add(String(decoding: input.readAll(), as: UTF8.self)) }
      return .none
    }

    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
      calls.add("closed: \(error == nil)")
    }
  }

  @Test("a connection whose output has ended is handed over with it ended: it reads on, and closes with the peer's end")
  func keepsEnd() throws {
    try Simulation.run(seeds: 0..<20) { simulation in
      let calls = Log<String>()
      let (_, client) = try simulation.serve(Service { _ in LastAnswer(calls: calls) })
      client.send("request")
      try simulation.run(until: { client.isEnded })
      #expect(client.receivedText == Self.answer)
      client.send("more")
      try simulation.run(until: { calls.count == 2 })
      client.endOutput()
      try simulation.run(until: { calls.count == 3 })
      #expect(calls.values == ["output ended: true", "more", "closed: true"])
      #expect(!client.wasReset)
    }
  }

  @Test("a connection that is handed over and closed still delivers what was sent before")
  func deliversOutput() throws {
    try Simulation.run(seeds: 0..<20) { simulation in
      simulation.network.bufferCapacity = 16
      let (_, client) = try simulation.serve(Service { _ in First() })
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
