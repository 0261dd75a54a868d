import Gnet
import GnetTesting
import Testing

/// Unix sockets whose files are removed by another program.
@Suite struct RemovedPathTests {
  private static let path = "/tmp/server.sock"

  private static func start(_ loopCount: Int, in simulation: Simulation) throws -> Server {
    var options = Options()
    options.loopCount = loopCount
    return try simulation.start([Listener("unix://\(path)", Service(.echo))], options: options)
  }

  @Test(
    "clients that had connected before the file was removed are served, and so are those that come later",
    arguments: [1, 2])
  func waitingClients(loopCount: Int) throws {
    try Simulation.run(seeds: 0..<20) { simulation in
      let address = try Self.start(loopCount, in: simulation).addresses[0]
      simulation.localhost.stop()
      let early = simulation.connect(to: address)
      early.send("early")
      simulation.localhost.removeFile(at: Self.path)
      simulation.advance(by: .seconds(10))
      simulation.localhost.resume()
      try simulation.run(until: { early.receivedText == "early" })
      simulation.advance(by: .seconds(2))
      let late = simulation.connect(to: address)
      late.send("late")
      try simulation.run(until: { late.receivedText == "late" })
      early.send("!")
      try simulation.run(until: { early.receivedText == "early!" })
    }
  }

  @Test("a path is bound again in the end, whatever fails on the way", arguments: [1, 2])
  func faults(loopCount: Int) throws {
    try Simulation.run(seeds: 0..<100) { simulation in
      let server = try Self.start(loopCount, in: simulation)
      simulation.faults.callFailureProbability = 0.1
      simulation.localhost.removeFile(at: Self.path)
      simulation.advance(by: .seconds(5))
      // A loop that cannot wait ends its server.
      if simulation.hasEnded(server) || server.isShuttingDown { return }
      simulation.endFaults()
      simulation.advance(by: .seconds(3))
      let client = simulation.connect(to: server.addresses[0])
      client.send("hello")
      try simulation.run(until: { client.receivedText == "hello" })
    }
  }
}
