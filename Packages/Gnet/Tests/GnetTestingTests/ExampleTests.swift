import Gnet
import GnetTesting
import Testing

// The examples of the article "Testing a server", as they stand there.

/// Answers each line with its reverse; closes a connection that sends nothing for a minute.
struct Reversing: ConnectionHandler {
  mutating func opened(_ connection: inout Connection) -> Action {
    connection.setTimeout(.seconds(60))
    return .none
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    connection.setTimeout(.seconds(60))
    while !connection.isOutputFull, let end = input.firstIndex(of: UInt8(ascii: "\n")) {
      let line = input.read(end + 1).dropLast()
      connection.write(line.reversed() + [UInt8(ascii: "\n")])
    }
    return .none
  }
}

@Test("each line is answered with its reverse")
func lines() throws {
  let simulation = Simulation(seed: 1)
  let server = try simulation.start([Listener("tcp://:7000", Service { _ in Reversing() })])
  let peer = simulation.connect(to: server.addresses[0])
  peer.send("abc\nde")
  try simulation.run(until: { peer.receivedText == "cba\n" })
  peer.send("f\n")
  try simulation.run(until: { peer.receivedText == "cba\nfed\n" })
}

@Test("a silent connection is closed after a minute, and not before")
func silence() throws {
  let simulation = Simulation(seed: 1)
  let server = try simulation.start([Listener("tcp://:7000", Service { _ in Reversing() })])
  let peer = simulation.connect(to: server.addresses[0])
  simulation.advance(by: .seconds(59))
  #expect(!peer.isEnded)
  peer.send("abc\n")
  simulation.advance(by: .seconds(59))
  #expect(!peer.isEnded)
  simulation.advance(by: .seconds(2))
  #expect(peer.isEnded)
}

/// Passes everything on to the server of a name, and that server's answers back.
struct Forwarding: ConnectionHandler {
  let backend: String
  var target: ConnectionHandle?

  mutating func opened(_ connection: inout Connection) -> Action {
    let client = connection.handle
    var answers = Events()
    answers.react = { _, input in
      client.write(input.readAll())
      return .none
    }
    answers.onClosed = { _, _ in
      client.close()
      return .none
    }
    target = connection.loop.connect(to: backend, Service(answers)) { _ in client.close() }
    return .none
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    target?.write(input.readAll())
    return .none
  }
}

@Test("a client of the front gets the answers of the back, whatever the network does")
func twoServers() throws {
  try Simulation.run(seeds: 0..<50) { simulation in
    let back = simulation.host("back.example")
    _ = try simulation.start([Listener("tcp://:80", Service { _ in Reversing() })], on: back)
    let front = try simulation.start([
      Listener("tcp://:7000", Service { _ in Forwarding(backend: "back.example:80") })
    ])
    simulation.network.delay = .microseconds(10)...(.seconds(1))
    simulation.network.splitProbability = 0.9
    let peer = simulation.connect(to: front.addresses[0])
    peer.send("abc\n")
    try simulation.run(until: { peer.receivedText == "cba\n" })
    simulation.partition(simulation.localhost, back)
    peer.send("def\n")
    simulation.advance(by: .seconds(30))
    #expect(peer.receivedText == "cba\n")
    simulation.repair(simulation.localhost, back)
    try simulation.run(until: { peer.receivedText == "cba\nfed\n" })
  }
}
