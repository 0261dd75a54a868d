import Gnet
import GnetTesting
import Testing

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
    var events = Events()
    events.react = react
    let listener = Listener("tcp://:7000", Service(events), filter: { _ in EndMark() })
    let server = try simulation.start([listener], options: options)
    return (server, simulation.connect(to: server.addresses[0]))
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
}
