import Gnet
import GnetTesting
import Testing

@testable import GnetWorkloads

/// The ends of streams that filters tell, together with the bytes before them.
@Suite struct FilterEndTests {
  /// A filter whose peer ends its stream by a zero, as by the close_notify of TLS.
  private final class EndMark: ConnectionFilter {
    func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
      while let byte = network.readByte() {
        if byte == 0 { return .ended }
        input.writeByte(byte)
      }
      return .established
    }
    func send(_ output: inout RingBuffer, _ network: inout RingBuffer) { network.append(moving: &output) }
  }

  private static func start(
    _ simulation: Simulation, _ options: Options,
    _ react: @escaping @Sendable (inout Connection, inout RingBuffer) -> Action
  ) throws -> (Server, SimulatedPeer) {
    let service = Service(Events(react: react))
    return try simulation.serve(Listener("tcp://:7000", service, filter: { _ in EndMark() }), options: options)
  }

  @Test(
    "requests that come with the end of the stream are answered, also while output is full", arguments: [false, true])
  func answersAll(allowHalfClosure: Bool) throws {
    var options = Options()
    options.allowHalfClosure = allowHalfClosure
    options.outboundHighWatermark = 10
    let simulation = Simulation(seed: 1)
    simulation.network.splitProbability = 0
    simulation.network.bufferCapacity = 16
    let (_, client) = try Self.start(simulation, options) { connection, input in
      while !connection.isOutputFull, let request = input.readByte() {
        connection.write([UInt8](repeating: request, count: 10))
      }
      return connection.isInputEnded && input.isEmpty ? .close : .none
    }
    client.isReadingPaused = true
    client.send("abcdefgh\0")
    simulation.run(for: .seconds(1))
    client.isReadingPaused = false
    try simulation.run(until: { client.isEnded })
    #expect(
      client.receivedText == "abcdefgh".flatMap { String(repeating: $0, count: 10) }.reduce(into: "") { $0.append($1) })
    #expect(!client.wasReset)
  }

  @Test("a handler that pauses is told of the end when it reads again")
  func waitsForPause() throws {
    var options = Options()
    options.allowHalfClosure = true
    let simulation = Simulation(seed: 1)
    simulation.network.splitProbability = 0
    let (_, client) = try Self.start(simulation, options) { connection, input in
      connection.write(connection.isInputEnded ? "end" : "bytes ")
      if connection.isInputEnded { return .close }
      input.removeAll()
      connection.isReadingPaused = true
      let handle = connection.handle
      connection.loop.schedule(after: .seconds(5)) {
        handle.perform { connection in
          connection.write("later ")
          connection.isReadingPaused = false
          return .none
        }
      }.keep()
      return .none
    }
    client.send("x\0")
    try simulation.run(until: { client.isEnded })
    #expect(client.receivedText == "bytes later end")
  }

  @Test("without any room for output, a filter costs no turns")
  func costsNoTurns() throws {
    var options = Options()
    options.outboundHighWatermark = 0
    let simulation = Simulation(seed: 1)
    let (server, client) = try Self.start(simulation, options) { connection, input in
      connection.write(moving: &input)
      return .none
    }
    client.send("hello")
    try simulation.run(until: { client.receivedText == "hello" })
    simulation.run(for: .seconds(60))
    #expect(server.loops[0].statistics.polls < 20)
  }

  /// A filter whose client says hello, and is answered.
  private final class Greeting: ConnectionFilter {
    private var isEstablished = false

    func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
      if !isEstablished {
        guard network.readByte() != nil else { return .establishing }
        reply.write("hello ")
        isEstablished = true
      }
      input.append(moving: &network)
      return .established
    }
    func send(_ output: inout RingBuffer, _ network: inout RingBuffer) { network.append(moving: &output) }
    func finish(_ network: inout RingBuffer) { network.write("end") }
  }

  /// A filter that marks the end of the output.
  private final class Marking: ConnectionFilter {
    func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
      input.append(moving: &network)
      return .established
    }
    func send(_ output: inout RingBuffer, _ network: inout RingBuffer) { network.append(moving: &output) }
    func finish(_ network: inout RingBuffer) { network.write("|") }
  }

  /// The bytes that a handler was offered, and the ends that it was told.
  // Unchecked: a simulation stays on one thread.
  private final class Course: @unchecked Sendable {
    var received: [UInt8] = []
    var ends: [String] = []

    static var options: Options {
      var options = Options()
      options.allowHalfClosure = true
      return options
    }

    var events: Events {
      var events = Events { _, input in
        self.received += input.readAll()
        return .none
      }
      events.onClosed = { _, error in
        self.ends.append("\(error.map { "\($0)" } ?? "in order")")
        return .none
      }
      return events
    }
  }

  @Test(
    "output that ends while a filter that was added shakes hands ends behind the handshake", arguments: [false, true])
  func endsBehindHandshake(isAboveAnother: Bool) throws {
    let simulation = Simulation(seed: 1)
    let course = Course()
    var events = course.events
    events.onOpened = { connection in
      if isAboveAnother { connection.addFilter(Marking()) }
      connection.addFilter(Greeting())
      connection.endOutput()
      return .none
    }
    let (_, client) = try simulation.serve(Service(events), options: Course.options)
    simulation.run(for: .seconds(1))
    #expect(!client.isEnded)
    client.send("!what follows")
    try simulation.run(until: { client.isEnded })
    #expect(client.receivedText == (isAboveAnother ? "hello end|" : "hello end"))
    client.endOutput()
    try simulation.run(until: { !course.ends.isEmpty })
    #expect(course.received == Array("what follows".utf8) && course.ends == ["in order"])
  }

  @Test("a handler that has paused is given the rest when both streams have ended, behind a filter too")
  func pausedAtTheEnd() throws {
    let simulation = Simulation(seed: 1)
    let course = Course()
    var events = course.events
    events.onOpened = { connection in
      connection.isReadingPaused = true
      connection.endOutput()
      return .none
    }
    let listener = Listener("tcp://:7000", Service(events), filter: { _ in Marking() })
    let (_, client) = try simulation.serve(listener, options: Course.options)
    simulation.run(for: .seconds(1))
    client.send("the rest")
    client.endOutput()
    try simulation.run(until: { !course.ends.isEmpty })
    #expect(course.received == Array("the rest".utf8) && course.ends == ["in order"])
  }
}
