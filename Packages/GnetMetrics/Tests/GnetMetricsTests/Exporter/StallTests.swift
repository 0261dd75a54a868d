import Gnet
import InMemoryLogging
import TestPeers
import TestSupport
import Testing

@testable import GnetMetrics

@Suite("loops that are stuck, and the state of a server") struct StallTests {
  @Test("a loop that is stuck is counted once, logged by its name, and its age is told", arguments: [0, 1])
  func stuck(index: Int) throws {
    let log = InMemoryLogHandler()
    let server = try TestServer(loops: 2, stallLimit: .milliseconds(50), logger: log.logger)
    try withServer(server) { server in
      _ = try server.snapshot(where: "all loops have begun") { $0.state == .serving }
      let before = try server.snapshot().loops[index].stalls
      let gate = Gate()
      server.server.loops[index].schedule(after: .zero) { gate.pass() }.keep()
      try require("the loop is stuck") { gate.arrived == 1 }
      let snapshot = try server.snapshot(where: "the stall is counted") { $0.loops[index].stalls > before }
      #expect(snapshot.loops[index].turnAge > 50_000_000)
      try require("the stall is logged") { log.messages.contains { $0.hasPrefix("gnet-loop-\(index) ") } }
      // The same stall is not counted again, however long it is.
      let age = snapshot.loops[index].turnAge
      let later = try server.snapshot(where: "more time has passed") { $0.loops[index].turnAge > age + 100_000_000 }
      #expect(later.loops[index].stalls == before + 1)
      gate.open()
      _ = try server.snapshot(where: "the loop turns again") { $0.loops[index].turnAge < 50_000_000 }
    }
  }

  @Test("a server that shuts down is draining, and its loops are not stuck")
  func draining() throws {
    var events = Events.echo
    events.onShutdown = { _ in .none }
    let server = try TestServer(stallLimit: .milliseconds(20), events: events)
    try withServer(server) { server in
      let client = try Client(server.addresses[0])
      try client.send("x")
      #expect(try client.receive(exactly: 1) == [120])
      _ = try server.snapshot(where: "the server serves") { $0.state == .serving }
      server.server.shutdown()
      let snapshot = try server.snapshot(where: "the server drains") { $0.state == .draining }
      #expect(snapshot.loops[0].turnAge == 0)
      let later = try server.snapshot(where: "time has passed") {
        $0.snapshotTime > snapshot.snapshotTime + 100_000_000
      }
      #expect(later.loops[0].stalls == snapshot.loops[0].stalls)
      client.close()
    }
  }

  @Test("a program learns the health of its server from the exporter")
  func exporter() throws {
    let exporter = MetricsExporter(socketPath: Files.temporaryPath(), interval: .milliseconds(10))
    #expect(exporter.health == .starting)
    var options = Options()
    options.plugins = [exporter]
    let running = try start([Listener("tcp://127.0.0.1:0", Service(.echo))], options: options)
    try require("the server serves") { exporter.health == .serving }
    running.shutdown()
    try running.wait()
    #expect(exporter.health == .draining)
  }
}
