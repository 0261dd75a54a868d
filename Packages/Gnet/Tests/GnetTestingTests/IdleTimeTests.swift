import Gnet
import GnetTesting
import Testing

@testable import GnetWorkloads

@Suite("time-outs of connections on which nothing moves") struct IdleTimeTests {
  private static let transports = ["tcp://:7000", "unix:///run/idle"]

  /// Starts a server that notes the errors by which its connections end.
  private static func start(
    _ simulation: Simulation, _ events: Events, on address: String = "tcp://:7000", loops: Int = 1, timeout: Duration?
  ) throws -> (Server, Box<[String]>) {
    let ends = Box<[String]>([])
    var events = events
    events.onClosed = { _, error in
      ends.value.append("\(error.map { "\($0)" } ?? "in order")")
      return .none
    }
    var options = Options()
    options.loopCount = loops
    options.idleTimeout = timeout
    return (try simulation.start([Listener(address, Service(events))], options: options), ends)
  }

  @Test("a silent connection is closed with a time-out, in time", arguments: transports, [1, 2])
  func silence(transport: String, loops: Int) throws {
    let simulation = Simulation(seed: 1)
    let (server, ends) = try Self.start(simulation, .echo, on: transport, loops: loops, timeout: .seconds(200))
    let client = simulation.connect(to: server.addresses[0])
    simulation.advance(by: .milliseconds(199_990))
    #expect(client.isOpened && !client.isEnded)
    simulation.advance(by: .milliseconds(300))
    #expect(client.isEnded && ends.value == ["\(Errno.timedOut)"])
  }

  @Test("after a long silence of the whole server a new connection has its full time")
  func fullTimeAfterSilence() throws {
    let simulation = Simulation(seed: 1)
    let (server, _) = try Self.start(simulation, .echo, timeout: .seconds(300))
    simulation.advance(by: .seconds(700))
    let client = simulation.connect(to: server.addresses[0])
    simulation.advance(by: .milliseconds(299_990))
    #expect(client.isOpened && !client.isEnded)
    simulation.advance(by: .seconds(1))
    #expect(client.isEnded)
  }

  @Test(
    "a peer that does not read what a closing connection still has to send does not keep it", arguments: transports,
    [false, true])
  func closing(transport: String, byPeer: Bool) throws {
    let events = Events { connection, input in
      connection.write([UInt8](repeating: 1, count: 1 << 20))
      return byPeer ? .none : .close
    }
    let simulation = Simulation(seed: 1)
    let (server, ends) = try Self.start(simulation, events, on: transport, timeout: .seconds(200))
    let client = simulation.connect(to: server.addresses[0])
    client.isReadingPaused = true
    client.send("x")
    if byPeer { client.endOutput() }
    simulation.advance(by: .seconds(199))
    #expect(ends.value.isEmpty)
    simulation.advance(by: .seconds(2))
    #expect(ends.value == ["\(Errno.timedOut)"])
    #expect(server.loops[0].statistics.pendingOutputBytes == 0)
  }

  @Test("bytes in either direction keep a connection open")
  func activity() throws {
    let handles = Box<[ConnectionHandle]>([])
    var events = Events.echo
    events.onOpened = { connection in
      handles.value.append(connection.handle)
      return .none
    }
    let simulation = Simulation(seed: 1)
    let (server, _) = try Self.start(simulation, events, timeout: .seconds(100))
    let talking = simulation.connect(to: server.addresses[0])
    try simulation.run(until: { handles.value.count == 1 })
    let listening = simulation.connect(to: server.addresses[0])
    try simulation.run(until: { handles.value.count == 2 })
    for count in 1...10 {
      talking.send("x")
      handles.value[1].write("y")
      simulation.advance(by: .seconds(99))
      #expect(talking.received.count == count && listening.received.count == count)
    }
    #expect(!talking.isEnded && !listening.isEnded)
    simulation.advance(by: .seconds(2))
    #expect(talking.isEnded && listening.isEnded)
  }

  @Test("a closed connection's lingering is not cut short by how long the loop has slept")
  func lingering() throws {
    let events = Events { connection, _ in
      connection.write([UInt8](repeating: 1, count: 100_000))
      return .close
    }
    let simulation = Simulation(seed: 1)
    let (server, _) = try Self.start(simulation, events, timeout: nil)
    for _ in 0..<2 {
      simulation.advance(by: .seconds(300))
      let client = simulation.connect(to: server.addresses[0])
      client.isReadingPaused = true
      // Behind the request comes more than the server wants: a reset would destroy the answer.
      client.send("go")
      simulation.advance(by: .milliseconds(10))
      for _ in 0..<20 { client.send([UInt8](repeating: 2, count: 1000)) }
      simulation.advance(by: .milliseconds(10))
      client.isReadingPaused = false
      try simulation.run(until: { client.isEnded })
      #expect(client.received.count == 100_000 && !client.wasReset)
    }
  }
}
