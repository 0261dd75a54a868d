import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite struct HandleTests {
  @Test("what another thread writes arrives in the order of its calls", arguments: StreamTransport.allCases, [1, 2])
  func order(transport: StreamTransport, loopCount: Int) throws {
    let handles = Log<ConnectionHandle>()
    let options = Options(loopCount: loopCount)
    try withServer(Events().logging(handles), options: options, on: [transport.address()]) { server in
      let clients = try (0..<4).map { _ in try Client(server.address()) }
      try require("all are open") { handles.count == 4 }
      let text = (0..<2000).map { "line \($0)\n" }
      for handle in handles.values {
        TestThread.detach {
          for line in text { while !handle.write(line) {} }
          handle.close()
        }
      }
      for client in clients { #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self) == text.joined()) }
    }
  }

  @Test(
    "write then close: the bytes, then the end of the stream, then everything is refused",
    arguments: StreamTransport.allCases)
  func writeThenClose(transport: StreamTransport) throws {
    let closed = Log<Int32>()
    try withOpenConnection(on: transport, closed: closed) { _, client, handle in
      #expect(handle.isOpen)
      #expect(handle.write("last words") && handle.close())
      #expect(!handle.write("too late") && !handle.wake() && !handle.close() && !handle.isOpen)
      #expect(try client.receiveToEnd() == Array("last words".utf8))
      try closed.expectEnd(with: nil)
    }
  }

  @Test(
    "aborting ends a connection whose peer does not read, also one that is closing already",
    arguments: StreamTransport.allCases, [false, true])
  func abort(transport: StreamTransport, afterClose: Bool) throws {
    let closed = Log<Int32>()
    try withOpenConnection(on: transport, closed: closed) { server, client, handle in
      let piece = pattern(256 << 10)
      // The kernel takes some of it, and then the watermark is reached.
      while handle.write(piece) || server.sum(\.pendingOutputBytes) == 0 {}
      if afterClose { #expect(handle.close() && !handle.close()) }
      #expect(handle.abort())
      #expect(!handle.write("x") && !handle.wake() && !handle.close() && !handle.abort() && !handle.isOpen)
      try closed.expectEnd(with: .connectionAbort)
      try require("nothing is left of it") {
        server.sum(\.connectionsActive) == 0 && server.sum(\.pendingOutputBytes) == 0
      }
      #expect(!handle.abort())
      withExtendedLifetime(client) {}
    }
  }

  @Test("aborting races with the end of the connection, with writes and with closing: it ends once", arguments: [1, 2])
  func abortRaces(loopCount: Int) throws {
    let handles = Log<ConnectionHandle>()
    let closed = Log<Int32>()
    try withServer(Events().logging(handles, closed: closed), options: Options(loopCount: loopCount)) { server in
      for round in 1...100 {
        let client = try Client(server.address())
        try require("it is open") { handles.count == round }
        let handle = handles.values[round - 1]
        TestThread.detach { while handle.write("x") {} }
        TestThread.detach { handle.close() }
        TestThread.detach { handle.abort() }
        if round.isMultiple(of: 2) { client.shutDown() }
        try require("it has ended") { closed.count == round }
        #expect(!handle.abort())
      }
    }
    #expect(closed.count == 100)
  }

  @Test("a large write and a close from another thread: every byte, then the end", arguments: StreamTransport.allCases)
  func largeWriteThenClose(transport: StreamTransport) throws {
    try withOpenConnection(on: transport) { _, client, handle in
      let bytes = pattern(6 << 20)
      #expect(handle.write(bytes) && handle.close())
      let received = try client.receiveToEnd()
      #expect(received == bytes)
    }
  }

  @Test("a handle reports false when the peer has gone", arguments: StreamTransport.allCases)
  func goneByPeer(transport: StreamTransport) throws {
    let closed = Log<Int32>()
    try withOpenConnection(on: transport, closed: closed) { _, client, handle in
      client.close()
      try require("it is closed") { closed.count == 1 }
      #expect(!handle.write("x") && !handle.wake() && !handle.close() && !handle.isOpen)
    }
  }

  @Test("handles kept after serve has returned do nothing", arguments: StreamTransport.allCases)
  func keptAfterServe(transport: StreamTransport) throws {
    let handles = Log<ConnectionHandle>()
    let client = Log<[UInt8]>()
    try withServer(Events().logging(handles), on: [transport.address()]) { server in
      let connected = try Client(server.address())
      try require("it is open") { handles.count == 1 }
      server.server.shutdown()
      client.add(try connected.receiveToEnd())
    }
    for handle in handles.values {
      #expect(!handle.write("x") && !handle.wake() && !handle.close() && !handle.isOpen)
    }
    #expect(client.values == [[]])
  }

  @Test("a handle's writes and a callback's keep their order, and each stays whole")
  func mixedWithCallbacks() throws {
    var events = Events()
    let wakes = Log<Int>()
    events.react = { connection, input in
      let handle = connection.handle
      if !input.isEmpty {
        input.removeAll()
        handle.write("b")
        handle.wake()
        handle.write("c")
        connection.write("a")
      } else {
        wakes.add(1)
        connection.write("[wake]")
        handle.close()
      }
      return .none
    }
    try withServer(events) { server in
      try Client(server.address()).expectLastAnswer("ab[wake]c", to: "go")
      #expect(wakes.count == 1)
    }
  }

  @Test(
    "bytes that were accepted before a handler's own close are sent", arguments: StreamTransport.allCases,
    [true, false])
  func acceptedBeforeClose(transport: StreamTransport, byAction: Bool) throws {
    let events = Events { connection, input in
      input.removeAll()
      let handle = connection.handle
      handle.write("accepted, ")
      connection.write("written, ")
      if !byAction { connection.close() }
      return byAction ? .close : .none
    }
    try withServer(events, on: [transport.address()]) { server in
      try Client(server.address()).expectLastAnswer("written, accepted, ", to: "go")
    }
  }

  @Test("bytes that were accepted behind a wake are sent when that wake's react closes")
  func acceptedBehindWake() throws {
    let events = Events { connection, input in
      // One call from the network, to hold the loop while the handle is used; then the wake.
      if input.isEmpty {
        connection.write("woken, ")
        return .close
      }
      input.removeAll()
      let handle = connection.handle
      handle.write("before, ")
      handle.wake()
      handle.write("behind")
      return .none
    }
    try withServer(events) { server in
      try Client(server.address()).expectLastAnswer("before, woken, behind", to: "go")
    }
  }

  @Test("bytes that were accepted before a detach are sent before it")
  func acceptedBeforeDetach() throws {
    var events = Events { connection, input in
      input.removeAll()
      connection.handle.write("accepted, ")
      connection.write("written, ")
      return .detach
    }
    events.onDetached = { connection, detached in
      try? detached.write(Array("detached".utf8))
      return .none
    }
    try withServer(events) { server in
      try Client(server.address()).expectLastAnswer("written, accepted, detached", to: "go")
    }
  }

  @Test(
    "wakes from other threads become at least one react, and no more than wakes", arguments: StreamTransport.allCases)
  func wakes(transport: StreamTransport) throws {
    let reacts = Counter()
    try withOpenConnection(Events { _, _ in reacts.note() }, on: transport) { server, _, handle in
      for _ in 0..<1000 { #expect(handle.wake()) }
      try require("it has reacted") { reacts.value > 0 }
      let loop = server.server.loops[0]
      try require("the loop sleeps") { loop.mailbox.isEmpty }
      #expect(reacts.value <= 1000)
    }
  }

  @Test("writes into a connection that takes nothing are refused at the watermark, and taken again later")
  func watermark() throws {
    var options = Options()
    options.outboundHighWatermark = 256 << 10
    options.outboundLowWatermark = 64 << 10
    try withOpenConnection(options: options) { server, client, handle in
      let piece = [UInt8](repeating: 5, count: 16 << 10)
      var accepted = 0
      // Not the first refusal, which may only be the loop's turn: until the kernel has taken what it takes.
      try require("it is full") {
        while handle.write(piece) { accepted += piece.count }
        let pending = server.server.loops[0].statistics.pendingOutputBytes
        return pending >= 256 << 10
      }
      #expect(handle.isOpen)
      let pending = server.server.loops[0].statistics.pendingOutputBytes
      #expect(pending <= 2 * 256 << 10 + piece.count)
      var received = try client.receive(exactly: accepted).count
      #expect(received == accepted)
      try require("it takes again") { handle.write(piece) }
      received = try client.receive(exactly: piece.count).count
      #expect(received == piece.count)
      try require("nothing is pending") { server.server.loops[0].statistics.pendingOutputBytes == 0 }
    }
  }

  @Test("what was written to the kernel does not count against the watermark of a handle made meanwhile")
  func handleMadeWhileWriting() throws {
    let handles = Log<ConnectionHandle>()
    var options = Options()
    options.outboundHighWatermark = 1000
    options.outboundLowWatermark = 0
    var events = Events()
    events.onOpened = { connection in
      connection.write([UInt8](repeating: 1, count: 5000))
      handles.add(connection.handle)
      return .none
    }
    try withServer(events, options: options) { server in
      let client = try Client(server.address())
      #expect(try client.receive(exactly: 5000).count == 5000)
      #expect(handles.values[0].write("and more"))
      #expect(try client.receiveText(8) == "and more")
    }
  }

  @Test("a loop floods its own connection's handle from inside react: nothing blocks, nothing is lost")
  func floodingItself() throws {
    var events = Events()
    var options = Options()
    options.outboundHighWatermark = 16 << 20
    let refused = Counter()
    events.react = { connection, input in
      input.removeAll()
      let handle = connection.handle
      for index in 0..<120_000 { if !handle.write("\(index % 10)") { refused.add() } }
      return .none
    }
    try withServer(events, options: options) { server in
      let client = try Client(server.address())
      try client.send("go")
      let expected = (0..<120_000).map { UInt8(ascii: "0") + UInt8($0 % 10) }
      #expect(try client.receive(exactly: 120_000) == expected)
      #expect(refused.value == 0)
    }
  }

  @Test("a loop floods its own mailbox and another's from inside react with 100,000 messages each")
  func floodingMailboxes() throws {
    let done = [Counter(), Counter()]
    let disorder = Counter()
    let count = isSanitized ? 10_000 : 100_000
    var events = Events()
    let servers = Log<Server>()
    events.onInitComplete = { server in servers.note(server) }
    events.react = { connection, input in
      input.removeAll()
      for index in 0..<count {
        for (place, loop) in servers.values[0].loops.enumerated() {
          // Jobs are the only messages that are not gathered into one per connection.
          Task(executorPreference: loop) {
            if done[place].add() != index { disorder.add() }
          }
        }
      }
      connection.write("done")
      return .none
    }
    try withServer(events, options: Options(loopCount: 2)) { server in
      let client = try Client(server.address())
      try client.expectAnswer("done", to: "go")
      try require("all have run", within: .seconds(30)) { done.allSatisfy { $0.value == count } }
      #expect(disorder.value == 0)
    }
  }
}
