import Gnet
import GnetTesting
import Testing

@Suite("the time for which closed connections wait for their peers") struct LingeringTimeTests {
  /// Refuses all input, as a server that will not take an upload. Returns a client that was refused.
  private static func refuse(
    _ simulation: Simulation, on address: String = "tcp://:7000", _ timeout: Duration, _ limit: Duration
  ) throws -> SimulatedPeer {
    var options = Options()
    options.lingerTimeout = timeout
    options.lingerLimit = limit
    let events = Events { connection, _ in
      connection.write("refused\n")
      return .close
    }
    let (_, client) = try simulation.serve(Listener(address, Service(events)), options: options)
    client.send("x")
    return client
  }

  @Test(
    "a client that uploads for longer than the time-out, and reads then, is told why it was refused",
    arguments: ["tcp://:7000", "unix:///run/refusing"])
  func upload(address: String) throws {
    let simulation = Simulation(seed: 1)
    let client = try Self.refuse(simulation, on: address, .seconds(1), .seconds(60))
    client.isReadingPaused = true
    for _ in 0..<50 {
      client.send([UInt8](repeating: 1, count: 10_000))
      simulation.advance(by: .milliseconds(900))
    }
    client.isReadingPaused = false
    #expect(client.receivedText == "refused\n" && client.isEnded && !client.wasReset)
  }

  @Test("a client that falls silent is waited for no longer than the time-out")
  func silence() throws {
    let simulation = Simulation(seed: 1)
    let client = try Self.refuse(simulation, .seconds(10), .seconds(60))
    try simulation.run(until: { client.isEnded })
    let openCount = simulation.localhost.openDescriptorCount
    simulation.advance(by: .seconds(9))
    client.send("more")
    simulation.advance(by: .seconds(9))
    #expect(simulation.localhost.openDescriptorCount == openCount)
    simulation.advance(by: .seconds(2))
    #expect(simulation.localhost.openDescriptorCount == openCount - 1)
    client.send("more")
    simulation.advance(by: .milliseconds(1))
    client.send("more")
    #expect(client.wasReset)
  }

  @Test("a client that never stops is cut at the limit")
  func limit() throws {
    let simulation = Simulation(seed: 1)
    let client = try Self.refuse(simulation, .seconds(60), .seconds(30))
    try simulation.run(until: { client.isEnded })
    let beginning = simulation.now
    while !client.wasReset && simulation.now < .seconds(100) {
      client.send("more")
      simulation.advance(by: .milliseconds(100))
    }
    #expect((.seconds(29)...(.seconds(31))).contains(simulation.now - beginning))
  }

  @Test(
    "without a time-out nobody is waited for",
    arguments: [(Duration.zero, Duration.seconds(60)), (.seconds(60), .zero)])
  func never(timeout: Duration, limit: Duration) throws {
    let simulation = Simulation(seed: 1)
    let client = try Self.refuse(simulation, timeout, limit)
    try simulation.run(until: { client.isEnded })
    // The selector and the listener.
    #expect(simulation.localhost.openDescriptorCount == 2)
  }
}
