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
  private static var echo: Events {
    let calls = Counter()
    return Events { connection, input in
      connection.isReadingPaused = calls.add() == 0
      if connection.isReadingPaused { return .none }
      connection.write(moving: &input)
      return connection.isInputEnded ? .close : .none
    }
  }

  /// Drops everything and counts it; pauses at the first bytes, and in later calls if `stays`.
  private static func counting(_ received: Counter, stays: Bool = false, endsOutput: Bool = false) -> Events {
    let calls = Counter()
    return Events { connection, input in
      received.add(input.readAll().count)
      connection.isReadingPaused = calls.add() == 0 || stays
      if endsOutput { connection.endOutput() }
      return .none
    }
  }

  /// Serves a connection with a paused handler for the length of `body`. The log has the errors of ended connections.
  private func withPausedConnection(
    _ events: Events = PausedReadingTests.echo, options: Options = Options(), on transport: StreamTransport = .tcp4,
    _ body: (TestServer, Client, ConnectionHandle, Log<Errno?>) throws -> Void
  ) throws {
    let (handles, errors) = (Log<ConnectionHandle>(), Log<Errno?>())
    var events = events
    let react = events.react
    events.react = { connection, input in
      let action = react?(&connection, &input) ?? Action.none
      if connection.isReadingPaused { handles.add(connection.handle) }
      return action
    }
    events.logEnds(errors)
    try withServer(events, options: options, on: [transport.address()]) { server in
      let client = try Client(server.address())
      try client.send("hello")
      try require("reading is paused") { handles.count > 0 }
      try body(server, client, handles.values[0], errors)
    }
  }

  @Test(
    "holds its peer up without costing turns, and loses nothing, also where the stream has ended meanwhile",
    arguments: StreamTransport.allCases, [false, true])
  func pause(transport: StreamTransport, allowHalfClosure: Bool) throws {
    var options = Options()
    options.allowHalfClosure = allowHalfClosure
    try withPausedConnection(options: options, on: transport) { server, client, handle, _ in
      let bytes = pattern(16 << 20)
      nonisolated(unsafe) let sender = client
      TestThread.detach {
        try? unsafe sender.send(bytes)
        unsafe sender.endOutput()
      }
      try server.waitUntilReadingStops()
      #expect(server.sum(\.reads) == 1)
      try expectIdle(server)
      #expect(handle.wake())
      #expect(try client.receiveToEnd() == Array("hello".utf8) + bytes)
    }
  }

  @Test("is given all that a peer sent before it closed", arguments: [StreamTransport.unix, .tcp4])
  func closedMeanwhile(transport: StreamTransport) throws {
    let received = Counter()
    try withPausedConnection(Self.counting(received), on: transport) { _, client, handle, errors in
      try client.send([UInt8](repeating: 7, count: 50_000))
      client.close()
      // A unix socket tells that its peer is gone; a TCP socket tells only who reads.
      if transport != .unix { #expect(handle.wake()) }
      try require("the connection ends") { errors.count == 1 }
      #expect(received.value == 50_005)
      #expect(errors.values == [nil])
    }
  }

  @Test(
    "stays when its output has ended, and is given the rest when its peer has ended as well",
    arguments: [StreamTransport.unix, .tcp4], [false, true])
  func outputEnded(transport: StreamTransport, byHandle: Bool) throws {
    let received = Counter()
    let events = Self.counting(received, stays: true, endsOutput: !byHandle)
    try withPausedConnection(events, on: transport) { server, client, handle, errors in
      if byHandle {
        handle.perform { connection in
          connection.endOutput()
          return .none
        }
      }
      #expect(try client.receiveToEnd() == [])
      try client.send("more")
      try expectIdle(server)
      #expect(received.value == 5 && errors.count == 0)
      client.endOutput()
      try require("the connection ends") { errors.count == 1 }
      #expect(received.value == 9)
      #expect(errors.values == [nil])
    }
  }

  @Test("learns of a reset nevertheless")
  func reset() throws {
    try withPausedConnection { _, client, handle, errors in
      client.reset()
      // libkqueue takes the error off the socket: the reset looks like an end, which waits for the handler.
      if isKqueueEmulated { handle.wake() }
      try require("the connection ends") { errors.count == 1 }
      withErrnoOfReset { #expect(errors.values == [.connectionReset]) }
    }
  }

  @Test("can be closed by its handle")
  func close() throws {
    try withPausedConnection { _, client, handle, errors in
      try client.send("more")
      #expect(handle.write("bye"))
      #expect(handle.close())
      #expect(try client.receiveToEnd() == Array("bye".utf8))
      #expect(errors.values == [nil])
    }
  }
}
