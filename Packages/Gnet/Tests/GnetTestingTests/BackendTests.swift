import Gnet
import GnetTesting
import Poller
import TestSupport
import Testing

/// The rules of epoll and of kqueue, on every system.
@Suite("loops over each kernel interface") struct BackendTests {
  /// Pauses reading when a word has arrived.
  private struct Pausing: ConnectionHandler {
    let calls: Log<String>
    /// Whether the output is ended, too.
    let endsOutput: Bool

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      calls.add(String(decoding: input.readAll(), as: UTF8.self))
      connection.isReadingPaused = true
      if endsOutput { connection.endOutput() }
      return .none
    }

    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
      calls.add("closed by an error: \(error != nil)")
    }
  }

  @Test(
    "a handler that has paused reading learns of a reset, and not of bytes before",
    arguments: [Poller.Backend.epoll, .kqueue], [false, true])
  func pausedReset(backend: Poller.Backend, endsOutput: Bool) throws {
    try Simulation.run(seeds: 0..<20) { simulation in
      simulation.backend = backend
      let calls = Log<String>()
      let server = try simulation.start([
        Listener("tcp://:7000", Service { _ in Pausing(calls: calls, endsOutput: endsOutput) })
      ])
      let client = simulation.connect(to: server.addresses[0])
      client.send("word")
      try simulation.run(until: { calls.count > 0 })
      client.send("more")
      simulation.run(for: .seconds(1))
      #expect(client.isEnded == endsOutput)
      #expect(calls.values.joined().hasPrefix("w") && !calls.values.joined().contains("closed"))
      client.reset()
      try simulation.run(until: { calls.values.last?.hasPrefix("closed") == true })
      #expect(calls.values.last == "closed by an error: true")
    }
  }
}
