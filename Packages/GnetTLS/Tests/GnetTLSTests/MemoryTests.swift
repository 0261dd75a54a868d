import CTestCertificates
import TestPeers
import TestSupport
import Testing

@testable import GnetTLS

@Suite("Memory")
struct MemoryTests {
  @Test("the records of a turn share one buffer each way", arguments: [12, 13])
  func records(version: Int) async {
    await #expect(processExitsWith: .success) { [version] in
      precondition(ctest_count_allocations())
      let pair = try StreamTests.established(TLSVersion(rawValue: version)!)
      func buffers(forRecords count: Int) throws -> Int {
        let before = ctest_allocated_buffer_count()
        try pair.client.send(pattern(count * 16384))
        try pair.exchange()
        precondition(pair.server.takeInput().count == count * 16384)
        return ctest_allocated_buffer_count() - before
      }
      let (one, many) = try (buffers(forRecords: 1), buffers(forRecords: 100))
      precondition(one == 2 && many == 2)
    }
  }

  @Test("an idle connection keeps no buffers of records", arguments: [12, 13])
  func idle(version: Int) async {
    await #expect(processExitsWith: .success) { [version] in
      precondition(ctest_count_allocations())
      let server = try TLSServer.test()
      let client = try TLSClient.test { $0.maximumVersion = TLSVersion(rawValue: version)! }
      func connect() throws -> Pair {
        let pair = try Pair(client, server)
        try pair.exchange()
        try pair.client.send(pattern(8192))
        try pair.exchange()
        precondition(pair.server.takeInput().count == 8192)
        return pair
      }
      _ = try connect()
      let before = ctest_allocated_byte_count()
      let pairs = try (0..<100).map { _ in try connect() }
      let perEnd = (ctest_allocated_byte_count() - before) / 200
      precondition(perEnd < 16384)
      withExtendedLifetime(pairs) {}
    }
  }

  @Test("a thousand handshakes, and as many failures, leave nothing behind", .enabled(if: !isSanitized))
  func handshakes() async {
    // A process of its own, whose heap no other test changes.
    await #expect(processExitsWith: .success) {
      let (client, server) = try (TLSClient.test(), TLSServer.test())
      let stranger = try TLSClient(trust: .pem(Certificate("stranger").pem))
      func connect(_ count: Int) throws {
        for _ in 0..<count {
          let pair = try Pair(client, server)
          try pair.exchange()
          precondition(pair.client.isEstablished)
          let failure = try Pair(stranger, server).failures().client
          precondition(failure?.code == .certificateRefused)
        }
      }
      try connect(500)
      let before = Heap.byteCount
      try connect(1000)
      // Memory that the allocator keeps for later still grows a little. A connection left behind would take some kilobytes.
      precondition(Heap.byteCount - before < 256 * 1024)
    }
  }
}
