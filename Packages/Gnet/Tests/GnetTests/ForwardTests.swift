import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("a connection that forwards to others of its loop") struct ForwardTests {
  /// The handles of the connections, in the order of their opening.
  private let handles = Log<ConnectionHandle>()

  @Test("what one callback forwards to several connections in turn reaches each in order, and no other")
  func several() throws {
    var events = Events.echo.logging(handles)
    events.react = { [handles] connection, input in
      input.removeAll()
      for (text, index) in [("one", 1), ("two", 2), ("three", 1), ("four", 2)] {
        var bytes = RingBuffer()
        bytes.write(Array(text.utf8))
        #expect(connection.forward(&bytes, to: handles.values[index]) == .taken)
      }
      return .none
    }
    try withThree(events) { source, first, second in
      try source.send("go")
      #expect(try first.receiveText(8) == "onethree")
      #expect(try second.receiveText(7) == "twofour")
    }
  }

  @Test("what a hook writes before forwarded output is sent comes behind this output, and reaches no other connection")
  func hook() throws {
    let additions = Counter()
    var events = Events.echo.logging(handles)
    events.react = { [handles] connection, input in
      if connection.handle == handles.values[0] {
        #expect(connection.forward(&input, to: handles.values[1]) == .taken)
      } else {
        connection.write(moving: &input)
      }
      return .none
    }
    events.preWrite = { [handles] connection, _ in
      guard connection.handle == handles.values[1], additions.value == 0 else { return }
      additions.add()
      connection.write(" and more")
    }
    try withThree(events) { source, target, other in
      try source.send("bytes")
      #expect(try target.receiveText(14) == "bytes and more")
      try other.send("hello")
      #expect(try other.receiveText(5) == "hello")
    }
  }

  @Test(
    "what a hook forwards reaches its own receiver, also while forwarded output is sent, and through filters",
    arguments: [false, true])
  func forwardingHook(isFiltered: Bool) throws {
    let hooks = Counter()
    var events = Events()
    events.onOpened = { [handles] connection in
      if isFiltered { connection.addFilter(Scrambler()) }
      handles.add(connection.handle)
      return .none
    }
    events.react = { [handles] connection, input in
      #expect(connection.forward(&input, to: handles.values[1]) == .taken)
      return .none
    }
    events.preWrite = { [handles] connection, _ in
      guard connection.handle == handles.values[1], hooks.value == 0 else { return }
      hooks.add()
      var copy = RingBuffer()
      copy.write(Array("a copy".utf8))
      #expect(connection.forward(&copy, to: handles.values[2]) == .taken)
    }
    let onWire: (String) -> [UInt8] = { isFiltered ? Scrambler.scrambled($0) : Array($0.utf8) }
    try withThree(events) { source, target, other in
      try source.send(onWire("bytes"))
      #expect(try target.receive(exactly: 5) == onWire("bytes"))
      #expect(try other.receive(exactly: 6) == onWire("a copy"))
    }
  }

  /// Runs a server of one loop for the length of `body`, with three clients, the connections of which open in this order.
  private func withThree(_ events: Events, _ body: (Client, Client, Client) throws -> Void) throws {
    var options = Options()
    options.loopCount = 1
    try withServer(events, options: options) { server in
      let clients = try (1...3).map { count in
        let client = try Client(server.address())
        try require("a connection is open") { handles.count == count }
        return client
      }
      try body(clients[0], clients[1], clients[2])
    }
  }
}
