import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("a handler that pauses reading")
struct PausedReadingTests {
  /// Pauses at the first bytes, and continues at the next call, which is that of a wake: from then on an echo.
  private func events(_ handles: Log<ConnectionHandle>, _ errors: Log<Errno?> = Log()) -> Events {
    let calls = Counter()
    var events = Events()
    events.react = { connection, input in
      connection.isReadingPaused = calls.add() == 0
      if connection.isReadingPaused {
        handles.add(connection.handle)
        return .none
      }
      connection.write(moving: &input)
      return connection.isInputEnded ? .close : .none
    }
    events.logEnds(errors)
    return events
  }

  @Test(
    "holds its peer up without costing turns, and loses nothing, also where the stream has ended meanwhile",
    arguments: StreamTransport.allCases, [false, true])
  func pause(transport: StreamTransport, allowHalfClosure: Bool) throws {
    let handles = Log<ConnectionHandle>()
    var options = Options()
    options.allowHalfClosure = allowHalfClosure
    try withServer(events(handles), options: options, on: [transport.address()]) { server in
      let client = try Client(server.address())
      let bytes = pattern(16 << 20)
      nonisolated(unsafe) let sender = client
      TestThread.detach {
        try? unsafe sender.send(bytes)
        unsafe sender.endOutput()
      }
      try server.waitUntilReadingStops()
      #expect(server.sum(\.reads) == 1)
      try expectIdle(server)
      #expect(handles.values[0].wake())
      #expect(try client.receiveToEnd() == bytes)
    }
  }

  @Test("is given all that a peer sent before it closed", arguments: [StreamTransport.unix, .tcp4])
  func closedMeanwhile(transport: StreamTransport) throws {
    let calls = Counter()
    let received = Log<Int>()
    let handles = Log<ConnectionHandle>()
    let errors = Log<Errno?>()
    var events = Events()
    events.react = { connection, input in
      received.add(input.readAll().count)
      connection.isReadingPaused = calls.add() == 0
      if connection.isReadingPaused { handles.add(connection.handle) }
      return .none
    }
    events.logEnds(errors)
    try withServer(events, on: [transport.address()]) { server in
      let client = try Client(server.address())
      try client.send("x")
      try require("reading is paused") { handles.count == 1 }
      try client.send([UInt8](repeating: 7, count: 50_000))
      client.close()
      // A unix socket tells that its peer is gone; a TCP socket tells only who reads.
      if transport != .unix { #expect(handles.values[0].wake()) }
      try require("the connection ends") { errors.count == 1 }
      #expect(received.values.reduce(0, +) == 50_001)
      #expect(errors.values == [nil])
    }
  }

  @Test(
    "stays when its output has ended, and is given the rest when its peer has ended as well",
    arguments: [StreamTransport.unix, .tcp4], [false, true])
  func outputEnded(transport: StreamTransport, byHandle: Bool) throws {
    let (handles, errors, received) = (Log<ConnectionHandle>(), Log<Errno?>(), Counter())
    var events = Events()
    events.react = { connection, input in
      received.add(input.readAll().count)
      connection.isReadingPaused = true
      if !byHandle { connection.endOutput() }
      handles.add(connection.handle)
      return .none
    }
    events.logEnds(errors)
    try withServer(events, on: [transport.address()]) { server in
      let client = try Client(server.address())
      try client.send("x")
      try require("reading is paused") { handles.count == 1 }
      if byHandle {
        handles.values[0].perform { connection in
          connection.endOutput()
          return .none
        }
      }
      #expect(try client.receiveToEnd() == [])
      try client.send("more")
      try expectIdle(server)
      #expect(received.value == 1 && errors.count == 0)
      client.endOutput()
      try require("the connection ends") { errors.count == 1 }
      #expect(received.value == 5)
      #expect(errors.values == [nil])
    }
  }

  /// Pauses a connection for the length of `body`, which has the client, the handle, and the errors of ends.
  private func withPausedConnection(_ body: (Client, ConnectionHandle, Log<Errno?>) throws -> Void) throws {
    let (handles, errors) = (Log<ConnectionHandle>(), Log<Errno?>())
    try withServer(events(handles, errors)) { server in
      let client = try Client(server.address())
      try client.send("hello")
      try require("reading is paused") { handles.count == 1 }
      try body(client, handles.values[0], errors)
    }
  }

  @Test("learns of a reset nevertheless")
  func reset() throws {
    try withPausedConnection { client, _, errors in
      client.reset()
      try require("the connection ends") { errors.count == 1 }
      withErrnoOfReset { #expect(errors.values == [.connectionReset]) }
    }
  }

  @Test("can be closed by its handle")
  func close() throws {
    try withPausedConnection { client, handle, errors in
      try client.send("more")
      #expect(handle.write("bye"))
      #expect(handle.close())
      #expect(try client.receiveToEnd() == Array("bye".utf8))
      #expect(errors.values == [nil])
    }
  }
}
