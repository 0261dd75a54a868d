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

/// `endOutput`, `abort` and `withFileDescriptor`.
@Suite struct HalfCloseAndAbortTests {
  /// Answers "end" by the end of its output, counts the rest, and hands out handles.
  private static func events(_ received: Counter, _ closed: Log<Int32>, _ handles: Log<ConnectionHandle>) -> Events {
    var events = Events()
    events.logHandles(handles)
    events.react = { connection, input in
      received.add(input.count)
      if input.readText() == "end" {
        connection.write(pattern(3 << 20))
        connection.endOutput()
        connection.write("dropped")
      } else {
        connection.write("dropped too")
      }
      return .none
    }
    events.logEnds(closed)
    return events
  }

  @Test(
    "after the end of the output the peer sees the end of the stream and can still send, and both ends close",
    arguments: StreamTransport.allCases, [false, true])
  func endOutput(transport: StreamTransport, allowsHalfClosure: Bool) throws {
    let (received, closed, handles) = (Counter(), Log<Int32>(), Log<ConnectionHandle>())
    var options = Options()
    options.allowHalfClosure = allowsHalfClosure
    try withServer(
      Self.events(received, closed, handles), options: options, on: [transport.address()]
    ) { server in
      let client = try Client(server.address())
      try client.send("end")
      #expect(try isPattern(client.receiveToEnd(), 3 << 20))
      for number in 1...5 {
        try client.send("more")
        try require("it is received") { received.value == 3 + 4 * number }
      }
      // Bytes that handles bring now have no way to the peer, and do no harm.
      handles.values[0].write("dropped")
      handles.values[0].wake()
      handles.values[0].write(pattern(100))
      handles.values[0].perform { connection in
        connection.write("dropped")
        received.add(100)
        return .none
      }
      try require("the closure has run") { received.value == 123 }
      try client.send("still")
      try require("it is received") { received.value == 128 }
      #expect(closed.count == 0)
      client.endOutput()
      try closed.expectEnd(with: nil)
      #expect(try client.receiveToEnd() == [])
    }
  }

  @Test("the end of the output is sent before a detach hands the connection over", arguments: StreamTransport.allCases)
  func endOutputAndDetach(transport: StreamTransport) throws {
    let detached = DetachedBox()
    var events = Events { connection, input in
      input.removeAll()
      connection.write("last")
      connection.endOutput()
      return .detach
    }
    events.onDetached = { _, connection in
      detached.put(connection)
      return .none
    }
    try withServer(events, on: [transport.address()]) { server in
      let client = try Client(server.address())
      try client.send("x")
      let connection = try detached.take()
      #expect(try client.receiveToEnd() == Array("last".utf8))
      try client.send("more")
      #expect(try connection.read(upTo: 10) == Array("more".utf8))
      try connection.close()
    }
  }

  @Test("a peer that ends its stream first is answered and then sees the end, with half-closure")
  func answerThenEnd() throws {
    let closed = Log<Int32>()
    var events = Events { connection, input in
      if connection.isInputEnded {
        connection.write(moving: &input)
        connection.endOutput()
      }
      return .none
    }
    events.logEnds(closed)
    var options = Options()
    options.allowHalfClosure = true
    try withServer(events, options: options) { server in
      let client = try Client(server.address())
      try client.send(pattern(2 << 20))
      client.endOutput()
      #expect(try isPattern(client.receiveToEnd(), 2 << 20))
      try closed.expectEnd(with: nil)
    }
  }

  @Test(
    "an abort drops what was written, also by handles, and ends at once with its error", arguments: [0, 10, 8 << 20])
  func abort(pending: Int) throws {
    let (closed, handles) = (Log<Int32>(), Log<ConnectionHandle>())
    var events = Events { connection, input in
      input.removeAll()
      connection.write(pattern(pending))
      handles.add(connection.handle)
      return .none
    }
    events.onClosed = { connection, error in
      closed.add(code(error))
      connection.write("dropped")
      return .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("x")
      try require("it has answered") { handles.count == 1 }
      if pending > 0 { #expect(try client.receive(exactly: min(pending, 1000)).count == min(pending, 1000)) }
      let start = ContinuousClock.now
      handles.values[0].perform { connection in
        connection.write("dropped")
        connection.handle.write("dropped")
        connection.abort()
        connection.write("dropped")
        return .close
      }
      try require("it is closed") { closed.count == 1 }
      #expect(ContinuousClock.now - start < .seconds(5))
      #expect(closed.values == [Errno.connectionAbort.rawValue])
      try require("nothing is pending") { server.sum(\.pendingOutputBytes) == 0 }
      // The stream ends before all has come, by an end or by a reset.
      let rest = (try? client.receiveToEnd()) ?? []
      #expect(rest.count < max(1, pending))
    }
  }

  @Test("the descriptor of a connection tells what only the system knows, also for datagrams")
  func descriptor() throws {
    let answers = Log<Int32>()
    let events: Events = {
      Events { connection, input in
        let type = connection.withFileDescriptor { descriptor -> Int32 in
          var value: Int32 = -1
          var length = socklen_t(MemoryLayout<Int32>.size)
          unsafe _ = getsockopt(descriptor.rawValue, SOL_SOCKET, SO_TYPE, &value, &length)
          return value
        }
        answers.add(type)
        connection.write(moving: &input)
        return .none
      }
    }()
    try withServer(events, on: ["tcp://127.0.0.1:0", "udp://127.0.0.1:0"]) { server in
      let stream = try Client(server.address(0))
      try stream.expectEcho("x")
      let datagram = try Client(server.address(1), datagrams: true)
      try datagram.send("y")
      #expect(try datagram.receiveText() == "y")
    }
    #expect(answers.values == [Int32(SOCK_STREAM.rawValue), Int32(SOCK_DGRAM.rawValue)])
  }

  @Test("an error that the body of withFileDescriptor throws reaches the caller")
  func descriptorThrows() throws {
    let caught = Log<Int32>()
    var events = Events.echo
    events.onOpened = { connection in
      do {
        try connection.withFileDescriptor { _ in throw Errno.permissionDenied }
      } catch {
        caught.add(code(error))
      }
      return .close
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      #expect(try client.receiveToEnd() == [])
    }
    #expect(caught.values == [Errno.permissionDenied.rawValue])
  }

  @Test("on a datagram the calls of connections do nothing")
  func datagram() throws {
    let events = Events { connection, input in
      connection.abort()
      connection.endOutput()
      connection.setTimeout(.zero)
      connection.become(Service(Events()))
      connection.close()
      connection.write(moving: &input)
      connection.write("\(connection.isOutputFull) \(connection.isShuttingDown)")
      return .close
    }
    try withServer(events, on: ["udp://127.0.0.1:0"]) { server in
      let client = try Client(server.address(), datagrams: true)
      for _ in 0..<3 {
        try client.send("x")
        #expect(try client.receiveText() == "x")
        #expect(try client.receiveText() == "false false")
      }
    }
  }
}
