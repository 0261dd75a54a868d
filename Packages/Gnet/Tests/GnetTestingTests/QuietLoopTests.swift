import Gnet
import GnetTesting
import Testing

@testable import GnetWorkloads

@Suite("loops that have nothing to do, for now") struct QuietLoopTests {
  @Test(
    "a client that does not read is not read from, costs no turns, and gets everything later",
    arguments: ["tcp://:7000", "unix:///run/slow"])
  func slowReader(address: String) throws {
    var options = Options()
    options.outboundHighWatermark = 64 << 10
    options.outboundLowWatermark = 16 << 10
    options.readBufferCapacity = 16 << 10
    let simulation = Simulation(seed: 1)
    simulation.network.bufferCapacity = 16 << 10
    let (server, client) = try simulation.serve(Listener(address, Service(.echo)), options: options)
    let bytes = Pattern.bytes(0..<1 << 20)
    client.isReadingPaused = true
    client.send(bytes)
    client.endOutput()
    simulation.advance(by: .seconds(10))
    var statistics: LoopStatistics { server.loops[0].statistics }
    #expect(statistics.pendingOutputBytes == 64 << 10)
    let polls = statistics.polls
    simulation.advance(by: .seconds(3600))
    // A path of a unix socket is looked at once a second: another program may remove the file.
    #expect(statistics.polls - polls <= (address.hasPrefix("unix") ? 3600 : 0))
    client.isReadingPaused = false
    try simulation.run(until: { client.isEnded })
    #expect(client.received == bytes)
    #expect(statistics.bytesWritten == 1 << 20 && statistics.bytesRead == 1 << 20)
    #expect(statistics.pendingOutputBytes == 0)
  }

  @Test("a negative delay of a tick is a millisecond: the loop does not spin")
  func negativeDelay() throws {
    let ticks = Box(0)
    var events = Events()
    events.tick = {
      ticks.value += 1
      return (.seconds(-1), .none)
    }
    let simulation = Simulation(seed: 1)
    _ = try simulation.start(events, addresses: ["tcp://:7000"])
    simulation.advance(by: .milliseconds(100))
    #expect((90...101).contains(ticks.value))
  }
}
