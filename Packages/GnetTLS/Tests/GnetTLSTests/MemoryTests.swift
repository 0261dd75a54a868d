import TestPeers
import TestSupport
import Testing

@testable import GnetTLS

@Suite("Memory")
struct MemoryTests {
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
      // What the allocator keeps for later still grows a little. An end that were left would take some kilobytes.
      precondition(Heap.byteCount - before < 256 * 1024)
    }
  }
}
