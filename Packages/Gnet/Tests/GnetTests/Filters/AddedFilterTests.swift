import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("filters that are added to an open connection") struct AddedFilterTests {
  /// Answers lines, and adds a filter when asked to: what it writes before leaves as it is, and what it writes after does not.
  private struct Session: ConnectionHandler {
    let calls: Log<String>
    let closes: Bool

    mutating func opened(_ connection: inout Connection) -> Action { calls.note("opened") }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      if connection.filter(Framing.self) == nil {
        guard let end = input.firstIndex(of: UInt8(ascii: "\n")) else { return .none }
        let line = input.readText(end + 1)
        calls.add("line \(line)")
        connection.write("before\n")
        connection.addFilter(Framing(FilterContext(connection)))
        connection.write("after")
        return closes ? .close : .none
      }
      if !input.isEmpty { calls.add("react \(String(decoding: input.readAll(), as: UTF8.self))") }
      return .none
    }

    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
      calls.add("closed \(error.map { "\($0)" } ?? "in order")")
    }
  }

  @Test("everything before it passes as it is, everything after it through it", arguments: StreamTransport.allCases)
  func upgrade(transport: StreamTransport) throws {
    let calls = Log<String>()
    let service = Service { _ in Session(calls: calls, closes: false) }
    try withService(service, transport: transport) { server in
      let client = try Client(server.addresses[0])
      try client.send("start\n")
      #expect(try client.receiveLine() == "before")
      try client.makeHandshake()
      #expect(try client.receiveFrame() == "after")
      try client.send(Framing.frame("inside") + [0])
      #expect(try client.receiveToEnd() == [0])
      try require("it has ended") { calls.values.last == "closed in order" }
      #expect(calls.values == ["opened", "line start", "react inside", "closed in order"])
    }
  }

  @Test("bytes that are left behind the request are the filter's, wherever they are cut")
  func leftBytes() throws {
    let bytes = Array("start\nhello 1\nhello 3\n".utf8) + Framing.frame("inside") + [0]
    for cut in 0..<bytes.count {
      let calls = Log<String>()
      try withService(Service { _ in Session(calls: calls, closes: false) }) { server in
        let client = try Client(server.addresses[0])
        try client.send(Array(bytes[..<cut]))
        if cut > 6 { #expect(try client.receiveLine() == "before") }
        try client.send(Array(bytes[cut...]))
        let answer = Array(((cut > 6 ? "" : "before\n") + "hello 2\nhello 4\n").utf8)
        #expect(try client.receiveToEnd() == answer + Framing.frame("after") + [0], "cut at \(cut)")
        try require("it has ended") { calls.values.last == "closed in order" }
        #expect(calls.values == ["opened", "line start", "react inside", "closed in order"], "cut at \(cut)")
      }
    }
  }

  @Test("a close waits for what was written behind the filter, and its handshake")
  func closing() throws {
    let calls = Log<String>()
    try withService(Service { _ in Session(calls: calls, closes: true) }) { server in
      let client = try Client(server.addresses[0])
      try client.send("start\n")
      #expect(try client.receiveLine() == "before")
      try client.makeHandshake()
      #expect(Framing.unframed(try client.receiveToEnd()) == Array("after".utf8))
      client.close()
      try require("it has ended") { calls.values.last == "closed in order" }
    }
  }

  @Test("a peer that does not make the handshake is cut after the filter's time, and so is one that goes")
  func notMade() throws {
    let errors = Log<String>()
    var events = Events { connection, input in
      input.removeAll()
      connection.addFilter(Framing(FilterContext(connection), handshakeTimeout: .milliseconds(100)))
      connection.write("held")
      return .none
    }
    events.onClosed = { _, error in errors.note("\(error.map { "\($0)" } ?? "in order")") }
    try withService(Service(events)) { server in
      let silent = try Client(server.addresses[0])
      try silent.send("x")
      #expect(try silent.receiveToEnd() == [])
      try require("it is told") { errors.count == 1 }
      let gone = try Client(server.addresses[0])
      try gone.send("x")
      gone.endOutput()
      #expect(try gone.receiveToEnd() == [])
      try require("it is told") { errors.count == 2 }
      #expect(errors.values == ["\(Errno.timedOut)", "truncated"])
    }
  }

  @Test("a filter is added to those that are there, and to another connection's")
  func layers() throws {
    let handles = Log<ConnectionHandle>()
    var events = Events.echo
    events.logHandles(handles)
    try withFilter({ _ in Scrambler() }, Service(events)) { server in
      let client = try Client(server.addresses[0])
      try require("it is open") { handles.count == 1 }
      handles.values[0].perform { connection in
        connection.write("plain")
        connection.addFilter(Framing(FilterContext(connection)))
        #expect(connection.filter(Framing.self) != nil)
        connection.write("framed")
        return .none
      }
      #expect(try client.receive(exactly: 5) == Scrambler.scrambled("plain"))
      try client.send(Scrambler.scrambled("hello 1\nhello 3\n"))
      let expected = Array("hello 2\nhello 4\n".utf8) + Framing.frame("framed")
      #expect(try client.receive(exactly: expected.count) == Scrambler.scrambled(expected))
      try client.send(Scrambler.scrambled(Framing.frame("back")))
      #expect(try client.receive(exactly: 5) == Scrambler.scrambled(Framing.frame("back")))
    }
  }

  @Test("a factory that throws adds nothing")
  func throwing() throws {
    let events = Events { connection, input in
      #expect(throws: Framing.Failure.self) {
        try connection.addFilter { context in
          #expect(!context.isOutbound)
          throw Framing.Failure(description: "not made")
        }
      }
      connection.write(moving: &input)
      return .none
    }
    try withService(Service(events)) { server in
      try Client(server.addresses[0]).expectEcho("as it is")
    }
  }

  @Test("another service takes over behind the filter")
  func becoming() throws {
    let calls = Calls()
    let events = Events { connection, input in
      input.discard(1)
      connection.addFilter(Framing(FilterContext(connection)))
      connection.become(calls.service())
      return .none
    }
    try withService(Service(events)) { server in
      let client = try Client(server.addresses[0])
      try client.send(Array("xhello 1\nhello 3\n".utf8) + Framing.frame("new") + [0])
      #expect(try client.receiveToEnd() == Array("hello 2\nhello 4\n".utf8) + [0])
      try calls.waitForEnd()
      #expect(calls.values == ["opened", "react new", "closed in order"])
    }
  }

  @Test("bytes for a handler that pauses during a handshake wait until it reads again")
  func paused() throws {
    let calls = Calls()
    let handles = Log<ConnectionHandle>()
    let service = calls.service { connection in
      handles.add(connection.handle)
      connection.addFilter(Framing(FilterContext(connection)))
      connection.isReadingPaused = true
      return .none
    }
    try withService(service) { server in
      let client = try Client(server.addresses[0])
      try client.send("hello 1\n")
      #expect(try client.receiveLine() == "hello 2")
      try client.send(Array("hello 3\n".utf8) + Framing.frame("kept"))
      #expect(try client.receiveLine() == "hello 4")
      #expect(calls.values == ["opened"])
      handles.values[0].perform { connection in
        connection.isReadingPaused = false
        return .none
      }
      try require("it is offered") { calls.values == ["opened", "react kept"] }
    }
  }

  @Test("a filter that is done leaves the connection as one without, which can be detached")
  func passingThrough() throws {
    let detached = Log<[UInt8]>()
    var events = Events { connection, input in
      guard input.count >= 4 else { return .none }
      #expect(connection.filter(Line.self) != nil)
      connection.write("plain\n")
      return .detach
    }
    events.onDetached = { _, connection in detached.note(connection.unreadBytes) }
    try withFilter({ _ in Line() }, Service(events)) { server in
      let client = try Client(server.addresses[0])
      try client.send("first line\nrest")
      #expect(try client.receive(through: "plain\n") == "got it\nplain\n")
      try require("it is handed over") { detached.count == 1 }
      #expect(detached.values == [Array("rest".utf8)])
    }
  }

  /// A filter that takes a line.
  private final class Line: ConnectionFilter {
    func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
      guard let end = network.firstIndex(of: UInt8(ascii: "\n")) else { return .establishing }
      network.discard(end + 1)
      reply.write("got it\n")
      return .passThrough
    }
    func send(_ output: inout RingBuffer, _ network: inout RingBuffer) { Issue.record("bytes go past this filter") }
  }
}

extension RingBuffer {
  /// Takes a line of a number of bytes, without its end.
  fileprivate mutating func readText(_ count: Int) -> String {
    String(decoding: read(count).dropLast(), as: UTF8.self)
  }
}
