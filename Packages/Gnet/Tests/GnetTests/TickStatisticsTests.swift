import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite struct TickStatisticsTests {
  /// Notes, at every tick, what the loop's statistics say and what its callbacks have done.
  private final class Watcher: Plugin {
    let differences = Log<UInt64>()
    let ticks = Log<UInt64>()
    let requests = Log<Int>()

    func tick(_ loop: EventLoop) -> Duration? {
      let reads = loop.statistics.reads
      if reads != UInt64(requests.count) { differences.add(reads) }
      ticks.add(reads)
      return .zero
    }
  }

  @Test("a tick sees all that its loop has done before it")
  func upToDate() throws {
    let watcher = Watcher()
    var events = Events { connection, input in
      watcher.requests.add(1)
      connection.write(moving: &input)
      return .none
    }
    events.install(watcher)
    try withServer(events) { server in
      let client = try Client(server.address())
      for number in 1...200 {
        try client.send("x")
        _ = try client.receiveText(1)
        try require("a tick has come") { (watcher.ticks.values.last ?? 0) >= number }
      }
    }
    #expect(watcher.differences.values == [])
  }
}
