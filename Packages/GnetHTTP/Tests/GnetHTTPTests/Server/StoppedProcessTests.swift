import Gnet
import GnetHTTP
import GnetTesting
import TestPeers
import Testing

@Suite("A process that was stopped for longer than requests may take")
struct StoppedProcessTests {
  private static let request = Array(get("/").utf8)

  @Test("answers 1,000 requests that were sent meanwhile, none with 408", arguments: [0, 1, 20])
  func requests(sentBefore count: Int) throws {
    try Simulation.run(seeds: 1...1) { simulation in
      simulation.faults.partialWaitProbability = 1
      let host = simulation.host("server")
      host.descriptorLimit = 2000
      let service = Service.http { _ in Response("Hello, World!") }
      let server = try simulation.start([Listener("tcp://:80", service)], options: .http, on: host)
      let address = try #require(SocketAddress("\(host.address.host ?? ""):80"))
      let clients = (0..<1000).map { _ in simulation.connect(to: address) }
      for client in clients { client.send(Array(Self.request.prefix(count))) }
      try simulation.run(until: {
        server.connectionCount == 1000 && server.loops[0].statistics.bytesRead == 1000 * count
      })
      host.stop()
      for client in clients { client.send(Array(Self.request.dropFirst(count))) }
      // Also longer than connections may be idle.
      simulation.advance(by: .seconds(100))
      host.resume()
      try simulation.run(until: { clients.allSatisfy { $0.receivedText.hasSuffix("Hello, World!") } })
      #expect(clients.allSatisfy { $0.receivedText.hasPrefix("HTTP/1.1 200 OK\r\n") && !$0.isEnded })
    }
  }
}
