import Gnet
import GnetTesting
import Testing

/// Handlers that take long: no deadline counts from a moment before they were done.
@Suite struct SlowHandlerTests {
  /// Takes its time, answers, and closes. The request is not read.
  private struct Slow: ConnectionHandler {
    let time: Duration
    let answer: [UInt8]

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      connection.loop.simulateWork(for: time)
      connection.write(answer)
      return .close
    }
  }

  /// Has a client read what has arrived every 0.3 seconds, and send a byte before that.
  private static func readSlowly(_ client: SimulatedPeer, in simulation: Simulation) {
    client.isReadingPaused = false
    if client.isEnded { return }
    client.isReadingPaused = true
    client.send("x")
    simulation.schedule(after: .milliseconds(300)) { readSlowly(client, in: simulation) }
  }

  private static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

  /// Has a number of clients ask at the same time, and go on sending; each must get the whole answer.
  private static func ask(
    _ clientCount: Int, time: Duration, answer: [UInt8], in simulation: Simulation
  ) throws {
    let service = Service { _ in Slow(time: time, answer: answer) }
    let host = simulation.host("server")
    _ = try simulation.start([Listener("tcp://:7000", service)], on: host)
    let address = try #require(SocketAddress("\(host.address.host ?? ""):7000"))
    let clients = (0..<clientCount).map { _ in simulation.connect(to: address) }
    for client in clients {
      client.send("request")
      readSlowly(client, in: simulation)
    }
    try simulation.run(until: { clients.allSatisfy(\.isEnded) })
    let cut = clients.count { $0.received != answer || $0.wasReset }
    if cut > 0 { throw SimulationFailure(seed: simulation.seed, "\(cut) clients have lost a part of their answers") }
  }

  @Test(
    "an answer that took longer than a closed connection lingers arrives whole, though the client goes on sending",
    arguments: [60_000, 500_000])
  func longWork(byteCount: Int) throws {
    let answer = Self.pattern(byteCount)
    try Simulation.run(seeds: 0..<5) { simulation in
      try Self.ask(1, time: .milliseconds(2500), answer: answer, in: simulation)
    }
  }

  @Test("the last of 240 connections, which the loop reaches after seconds, gets its whole answer")
  func manyConnections() throws {
    let answer = Self.pattern(60_000)
    try Simulation.run(seeds: 1...1) { simulation in
      try Self.ask(240, time: .milliseconds(15), answer: answer, in: simulation)
    }
  }

  /// Sets a time-out behind its work, and says whether the time-out came too early.
  private struct Timed: ConnectionHandler {
    static var time: Duration { .seconds(1) }
    var start: ContinuousClock.Instant?

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      input.removeAll()
      connection.loop.simulateWork(for: .milliseconds(15))
      start = connection.loop.now
      connection.setTimeout(Self.time)
      return .none
    }

    mutating func timedOut(_ connection: inout Connection) -> Action {
      let isEarly = start.map { connection.loop.now - $0 < Self.time } ?? true
      connection.write(isEarly ? "too early" : "in time")
      return .none
    }
  }

  @Test("a time-out of the last of 240 connections counts from the call that sets it")
  func timeouts() throws {
    try Simulation.run(seeds: 0..<3) { simulation in
      let server = try simulation.start([Listener("tcp://:7000", Service { _ in Timed() })])
      let clients = (0..<240).map { _ in simulation.connect(to: server.addresses[0]) }
      for client in clients { client.send("x") }
      try simulation.run(until: { clients.allSatisfy { $0.receivedText == "in time" } })
    }
  }
}
