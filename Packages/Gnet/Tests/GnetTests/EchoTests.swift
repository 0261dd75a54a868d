import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite struct EchoTests {
  @Test("what a client sends comes back", arguments: StreamTransport.allCases, [1, 2, 3])
  func echo(transport: StreamTransport, loopCount: Int) throws {
    try withServer(.echo, options: Options(loopCount: loopCount), on: [transport.address()]) { server in
      let clients = try (0..<8).map { _ in try Client(server.address()) }
      for (index, client) in clients.enumerated() { try client.send("hello \(index)") }
      for (index, client) in clients.enumerated() { #expect(try client.receiveText(7) == "hello \(index)") }
      #expect(server.server.loopCount == loopCount)
    }
  }

  @Test("a large stream comes back whole while both sides keep writing", arguments: StreamTransport.allCases)
  func largeStream(transport: StreamTransport) throws {
    try withServer(.echo, on: [transport.address()]) { server in
      let client = try Client(server.address())
      let bytes = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
      nonisolated(unsafe) let sender = client
      TestThread.detach {
        try? unsafe sender.send(bytes)
        unsafe sender.endOutput()
      }
      #expect(try client.receiveToEnd() == bytes)
    }
  }
}
