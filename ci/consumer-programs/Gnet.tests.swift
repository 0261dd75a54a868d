// The tests of a program that depends on Gnet, in a simulation.

import Gnet
import GnetTesting
import Testing

/// Answers each line with its number.
struct Numbering: ConnectionHandler {
  var lineCount = 0

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    while !connection.isOutputFull, let end = input.firstIndex(of: UInt8(ascii: "\n")) {
      input.discard(end + 1)
      lineCount += 1
      connection.write("\(lineCount)\n")
    }
    return .none
  }
}

@Test("each line is answered with its number, whatever the network does")
func numbers() throws {
  try Simulation.run(seeds: 0..<20) { simulation in
    simulation.network.splitProbability = 0.9
    let server = try simulation.start([Listener("tcp://:7000", Service { _ in Numbering() })])
    let peer = simulation.connect(to: server.addresses[0])
    peer.send("a\nb")
    try simulation.run(until: { peer.receivedText == "1\n" })
    peer.send("c\n")
    try simulation.run(until: { peer.receivedText == "1\n2\n" })
    server.shutdown()
    try simulation.run(until: { simulation.hasEnded(server) })
    #expect(simulation.localhost.openDescriptorCount == 0)
  }
}
