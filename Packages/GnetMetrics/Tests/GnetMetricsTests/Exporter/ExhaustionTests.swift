import Gnet
import GnetMetrics
import InMemoryLogging
import MetricsClient
import SystemPackage
import TestPeers
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

// In processes of their own, which run out of descriptors alone.
@Suite struct ExhaustionTests {
  @Test("without descriptors for scrapers the server goes on, the log says so once, and they are served later")
  func noDescriptors() async {
    await #expect(processExitsWith: .success) {
      let log = InMemoryLogHandler()
      try withServer(try TestServer(logger: log.logger)) { server in
        let client = try Client(server.addresses[0])
        try client.send("abc")
        #expect(try client.receive(exactly: 3).count == 3)
        let scraper = try Client(unconnectedTo: SocketName(path: server.metrics))
        Descriptors.exhaust()
        try scraper.connect(to: SocketName(path: server.metrics))
        try require("the shortage is noticed") { log.messages.count > 0 }
        // Long enough for more attempts than one.
        let noticed = ContinuousClock.now
        while noticed.duration(to: .now) < .milliseconds(500) {
          try client.send("abc")
          #expect(try client.receive(exactly: 3).count == 3)
        }
        #expect(log.messages.count == 1)
        #expect(log.messages[0].contains(server.metrics) && log.messages[0].contains("\(Errno.tooManyOpenFiles)"))
        Descriptors.giveBack()
        #expect(try MetricsSnapshot(decoding: scraper.receiveToEnd()).loops.count == 1)
      }
    }
  }

  @Test("if the metrics loop cannot go on the server does, and the log says so once")
  func brokenLoop() async {
    await #expect(processExitsWith: .success) {
      let log = InMemoryLogHandler()
      let before = Descriptors.pollers
      try withServer(try TestServer(logger: log.logger)) { server in
        let client = try Client(server.addresses[0])
        try client.send("abc")
        #expect(try client.receive(exactly: 3).count == 3)
        // The server's own loop was there first.
        let poller = try #require(Descriptors.pollers.subtracting(before).max())
        close(poller)
        try require("it is noticed") { log.messages.count > 0 && !Files.exists(server.metrics) }
        for _ in 0..<100 {
          try client.send("abc")
          #expect(try client.receive(exactly: 3).count == 3)
        }
      }
      #expect(log.messages.count == 1, "\(log.messages)")
      #expect(log.messages[0].contains("is served no longer, and the server goes on without"))
    }
  }
}
