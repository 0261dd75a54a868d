import Gnet
import GnetTesting
import Testing

@testable import GnetWorkloads

@Suite("pauses behind filters") struct FilterPauseTests {
  /// A filter that is established by the first byte.
  private final class Greeted: ConnectionFilter {
    private var isEstablished = false

    func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
      if !isEstablished {
        guard network.readByte() != nil else { return .establishing }
        isEstablished = true
      }
      input.append(moving: &network)
      return .established
    }
    func send(_ output: inout RingBuffer, _ network: inout RingBuffer) { network.append(moving: &output) }
    func finish(_ network: inout RingBuffer) {}
  }

  @Test("a handler that pauses in opened is offered what came with the handshake when it reads again")
  func pausedInOpened() throws {
    let simulation = Simulation(seed: 1)
    let received = Box<[UInt8]>([])
    let handles = Box<[ConnectionHandle]>([])
    var events = Events()
    events.onOpened = { connection in
      connection.isReadingPaused = true
      handles.value.append(connection.handle)
      return .none
    }
    events.react = { _, input in
      received.value += input.readAll()
      return .none
    }
    let listener = Listener("tcp://:7000", Service(events), filter: { _ in Greeted() })
    let (_, client) = try simulation.serve(listener)
    client.send("!early")
    simulation.run(for: .seconds(1))
    #expect(handles.value.count == 1 && received.value == [])
    handles.value[0].perform { connection in
      connection.isReadingPaused = false
      return .none
    }
    try simulation.run(until: { !received.value.isEmpty })
    client.send(" late")
    try simulation.run(until: { received.value.count > 5 })
    #expect(received.value == Array("early late".utf8))
  }
}
