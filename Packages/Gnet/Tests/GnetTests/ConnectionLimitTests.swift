import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite struct ConnectionLimitTests {
  @Test(
    "connections beyond the limit are closed at once, and fit again when others have ended",
    arguments: StreamTransport.allCases, [1, 3])
  func limit(transport: StreamTransport, loopCount: Int) throws {
    var options = Options()
    options.maxConnections = 3
    options.loopCount = loopCount
    let opened = Counter()
    var events = Events.echo
    events.onOpened = { _ in opened.note() }
    try withServer(events, options: options, on: [transport.address()]) { server in
      var clients = try (0..<3).map { _ in try Client(server.address()) }
      try require("three are open") { opened.value == 3 }
      for _ in 0..<5 { #expect(try Client(server.address()).receiveToEnd() == []) }
      for client in clients { try client.expectEcho("hello") }
      clients.removeLast().close()
      try require("one has ended") { server.server.connectionCount == 2 }
      let next = try Client(server.address())
      try next.expectEcho("hello")
      #expect(opened.value == 4)
      #expect(server.server.connectionCount == 3)
    }
  }
}
