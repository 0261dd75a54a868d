import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("counts that a program keeps per loop") struct LoopCounterTests {
  private static let small = LoopCounter("messages", help: "Messages by their size", labels: ["size": "small"])
  private static let large = LoopCounter("messages", help: "Messages by their size", labels: ["size": "large"])

  @Test("callbacks and other threads add to the counts of a loop")
  func adding() throws {
    let events = Events { connection, input in
      connection.loop.add(to: input.count < 100 ? Self.small : Self.large)
      connection.write(moving: &input)
      return .none
    }
    try withService(Service(events)) { server in
      let loop = server.loops[0]
      #expect(loop.counts == [:])
      let client = try Client(server.addresses[0])
      for text in ["one", "two"] {
        try client.send(text)
        #expect(try client.receive(exactly: 3) == Array(text.utf8))
      }
      #expect(loop.counts == [Self.small: 2])
      loop.add(5, to: Self.large)
      #expect(loop.counts == [Self.small: 2, Self.large: 5])
    }
  }

  @Test("a thread knows whether it is a loop's, and which")
  func current() throws {
    #expect(EventLoop.current == nil)
    let isOwn = Log<Bool>()
    var events = Events()
    events.onOpened = { connection in isOwn.note(EventLoop.current === connection.loop, then: .close) }
    try withService(Service(events)) { server in
      let client = try Client(server.addresses[0])
      #expect(try client.receiveToEnd() == [])
      #expect(isOwn.values == [true])
    }
  }

  @Test("name and labels make a counter, and the help does not")
  func equality() {
    #expect(Self.small == LoopCounter("messages", help: "", labels: ["size": "small"]))
    #expect(Self.small != Self.large && Self.small != LoopCounter("messages", help: ""))
  }

  @Test("names are those that Prometheus takes")
  func names() {
    for name in ["a", "tls_13"] { #expect(LoopCounter.isName(name)) }
    for name in ["", "1a", "_a", "A", "a-b", "ä"] { #expect(!LoopCounter.isName(name)) }
  }

  @Test("another name is a fault of the program")
  func misuse() async {
    await #expect(processExitsWith: .failure) { _ = LoopCounter("Bad", help: "") }
    await #expect(processExitsWith: .failure) { _ = LoopCounter("good", help: "", labels: ["no-name": ""]) }
  }
}
