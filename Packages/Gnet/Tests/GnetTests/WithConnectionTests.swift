import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("two connections of a loop that reach each other") struct LentConnectionTests {
  /// The handles of the connections, in the order in which they have greeted.
  private let handles = Log<ConnectionHandle>()

  @Test("a handler hears of a drain also when the kernel takes at once what another connection's handler has written")
  func drain() throws {
    var options = Options(loopCount: 1)
    options.outboundHighWatermark = 4096
    options.outboundLowWatermark = 1024
    let isFull = Log<Bool>()
    let drains = Counter()
    var events = Events { [handles] connection, input in
      if input.readAll() == Array("hello".utf8) {
        handles.add(connection.handle)
      } else {
        let answer = handles.values[0].withConnection { other in
          other.write([UInt8](repeating: 1, count: 8192))
          return other.isOutputFull
        }
        if let answer { isFull.add(answer) }
      }
      return .none
    }
    events.onDrained = { _ in drains.note() }
    try withServer(events, options: options) { server in
      let receiver = try greetingClient(server, 1)
      let writer = try Client(server.address())
      try writer.send("write")
      #expect(try receiver.receive(exactly: 8192) == [UInt8](repeating: 1, count: 8192))
      try require("the drain was told") { drains.value == 1 }
      #expect(isFull.values == [true])
    }
  }

  @Test("input that has arrived is not offered to a connection that another one has ended", arguments: [false, true])
  func ended(isAborting: Bool) throws {
    let duels = Counter()
    let isBlocking = Counter()
    let isReleased = Counter()
    var events = Events { [handles] connection, input in
      switch input.readAll() {
      case Array("hello".utf8): handles.add(connection.handle)
      case Array("block".utf8):
        isBlocking.add()
        while isReleased.value == 0 {}
      default:
        // The first of the two ends the other, which is ready too.
        duels.add()
        let own = connection.handle
        for handle in handles.values.prefix(2) where handle != own {
          handle.withConnection { other in if isAborting { other.abort() } else { other.close() } }
        }
      }
      return .none
    }
    let closed = Counter()
    events.onClosed = { _, _ in closed.note() }
    try withServer(events, options: Options(loopCount: 1)) { server in
      let duellists = [try greetingClient(server, 1), try greetingClient(server, 2)]
      let blocker = try greetingClient(server, 3)
      try blocker.send("block")
      try require("the loop is busy") { isBlocking.value == 1 }
      for client in duellists { try client.send("duel") }
      isReleased.add()
      try require("one is closed") { closed.value == 1 }
      #expect(duels.value == 1)
    }
  }

  @Test("bytes that a lent connection forwards leave before those that the receiver writes afterwards")
  func forwarding() throws {
    var options = Options()
    options.loopCount = 1
    let isBlocking = Counter()
    let isReleased = Counter()
    let written = Log<UInt8>()
    var events = Events()
    events.react = { [handles] connection, input in
      switch input.readAll() {
      case Array("hello".utf8): handles.add(connection.handle)
      case Array("block".utf8):
        isBlocking.add()
        while isReleased.value == 0 {}
      case Array("lend".utf8):
        handles.values[0].withConnection { source in
          var bytes = RingBuffer()
          bytes.write([1])
          _ = source.forward(&bytes, to: handles.values[1])
        }
        written.add(1)
      default:
        connection.write([2])
        written.add(2)
      }
      return .none
    }
    try withServer(events, options: options) { server in
      let source = try greetingClient(server, 1)
      let receiver = try greetingClient(server, 2)
      let lender = try greetingClient(server, 3)
      let blocker = try greetingClient(server, 4)
      try blocker.send("block")
      try require("the loop is busy") { isBlocking.value == 1 }
      try lender.send("lend")
      try receiver.send("write")
      isReleased.add()
      #expect(try receiver.receive(exactly: 2) == written.values)
      withExtendedLifetime(source) {}
    }
  }

  /// A client whose handle is the last of `count` that are known.
  private func greetingClient(_ server: TestServer, _ count: Int) throws -> Client {
    let client = try Client(server.address())
    try client.send("hello")
    try require("the server knows it") { handles.count == count }
    return client
  }
}
