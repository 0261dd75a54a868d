import Gnet
import GnetMetrics
import MetricsClient
import TestPeers
import TestSupport
import Testing

// In processes of their own: what other tests allocate meanwhile would count too.
@Suite struct GrowthTests {
  /// Requires that `body` leaves no more memory in use after a warm-up, at the latest when the threads that it has
  /// started are done.
  static func requireNoGrowth(rounds: Int, _ body: () throws -> Void) throws {
    for _ in 0..<rounds / 4 { try body() }
    let before = Heap.byteCount
    for _ in 0..<rounds { try body() }
    // The smallest block of the heap has 32 bytes: one left behind by each round would be four times as much.
    try require("no more of the heap is in use") { Heap.byteCount < before + 8 * rounds }
  }

  @Test("filling, packing and reading a snapshot leaves no memory behind")
  func encoding() async {
    await #expect(processExitsWith: .success) {
      let snapshot = EncodingTests.sample
      try GrowthTests.requireNoGrowth(rounds: 10_000) {
        let decoded = try MetricsSnapshot(decoding: snapshot.encoded())
        precondition(decoded.loops.count == 3)
      }
    }
  }

  @Test("a server's memory does not grow with its ticks, nor with its snapshots")
  func uptime() async {
    await #expect(processExitsWith: .success) {
      let path = Files.temporaryPath()
      var events = Events.echo
      events.install(MetricsExporter(socketPath: path, interval: .microseconds(100)))
      var options = Options()
      options.loopCount = 2
      let running = try start(events, options: options, on: "tcp://127.0.0.1:0")
      let client = try Client(running.server.addresses[0])
      var polls: UInt64 = 0
      try GrowthTests.requireNoGrowth(rounds: 3000) {
        try client.send("ping")
        _ = try client.receive(exactly: 4)
        polls = try MetricsSnapshot(from: path).loops[1].tickLateness.count
      }
      #expect(polls > 1000)
      client.close()
      running.shutdown()
      try running.wait()
    }
  }
}
