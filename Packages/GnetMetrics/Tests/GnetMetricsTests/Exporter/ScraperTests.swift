import GnetMetrics
import MetricsClient
import SystemPackage
import TestPeers
import TestSupport
import Testing

@Suite(.serialized) struct ScraperTests {
  @Test("a thousand scrapers at once are all served, and the server beside them")
  func thousandAtOnce() throws {
    try Descriptors.allow(4096)
    try withServer(try TestServer()) { server in
      let client = try Client(server.addresses[0])
      // All connect before the first reads.
      let scrapers = try (0..<1000).map { _ in try Client(path: server.metrics) }
      try client.send("ping")
      #expect(try client.receive(exactly: 4).count == 4)
      var numbers: Set<UInt64> = []
      for scraper in scrapers {
        numbers.insert(try MetricsSnapshot(decoding: scraper.receiveToEnd()).sequenceNumber)
      }
      #expect(numbers.count == 1000)
    }
  }

  @Test("scrapers on many threads are all served")
  func manyThreads() throws {
    try withServer(try TestServer(loops: 2)) { server in
      let metrics = server.metrics
      try concurrently(20) { _ in
        for _ in 0..<10 {
          _ = try MetricsSnapshot(from: metrics)
        }
      }
      #expect(try server.snapshot().sequenceNumber == 201)
    }
  }

  @Test("killing the reader in the middle of a snapshot, a thousand times: nothing leaks, nothing dies")
  func killedReaders() throws {
    // Enough loops for a snapshot that is read in several parts.
    try withServer(try TestServer(loops: 16)) { server in
      _ = try server.snapshot()
      let before = Descriptors.socketCount
      for index in 0..<1000 {
        let reader = try Client(path: server.metrics)
        if index % 4 > 0 { #expect(try !reader.receive(upTo: index % 4 == 1 ? 1 : 1000).isEmpty) }
        reader.close()
      }
      #expect(try server.snapshot().sequenceNumber >= 1000)
      try require("all descriptors are closed") { Descriptors.socketCount <= before }
    }
  }

  @Test("clients that never read hold nothing, and do not keep the server from ending")
  func idleClients() throws {
    try Descriptors.allow(4096)
    let server = try TestServer(loops: 4)
    let before = Descriptors.socketCount
    let clients = try (0..<200).map { _ in try Client(path: server.metrics) }
    #expect(try server.snapshot().loops.count == 4)
    try require("the server's ends are closed") { Descriptors.socketCount <= before + clients.count }
    let start = ContinuousClock.now
    server.stop()
    #expect(start.duration(to: .now) < .seconds(5))
    // The bytes that were sent are there still.
    for client in clients { #expect(try MetricsSnapshot(decoding: client.receiveToEnd()).loops.count == 4) }
  }

  @Test(
    "whatever a client sends is ignored",
    arguments: ["x", "GET / HTTP/1.1\r\n\r\n", String(repeating: "y", count: 100_000)])
  func talkativeClients(text: String) throws {
    try withServer(try TestServer()) { server in
      for _ in 0..<20 {
        let client = try Client(path: server.metrics)
        try? client.send(text)
        #expect(try MetricsSnapshot(decoding: client.receiveToEnd()).loops.count == 1)
      }
    }
  }
}
