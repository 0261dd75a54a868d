import RingBuffer
import Synchronization
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("the end of the peer's stream") struct EndOfStreamTests {
  @Test(
    "what the peer sent before its end reaches react first, and the answer reaches the peer",
    arguments: StreamSetup.all, [false, true])
  func sendAndEnd(setup: StreamSetup, isClosing: Bool) throws {
    let request = pattern(300_000)
    let seen = Log<Int>()
    let errors = Log<Errno?>()
    var events = Events { connection, input in
      guard input.count == request.count else { return .none }
      seen.add(input.readAll() == request ? request.count : -1)
      if !isClosing { connection.write(request) }
      return .none
    }
    events.logEnds(errors)
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      for _ in 0..<5 {
        let client = try Client(server.address())
        try client.send(request)
        if isClosing {
          client.close()
        } else {
          client.endOutput()
          #expect(try client.receiveToEnd() == request)
        }
      }
      try require("all are closed") { errors.count == 5 }
    }
    #expect(seen.values == [Int](repeating: request.count, count: 5))
    #expect(errors.values == [Errno?](repeating: nil, count: 5))
  }

  @Test(
    "nothing is lost where reading was paused by the watermark when the stream ended", arguments: StreamSetup.all,
    [false, true])
  func pausedReading(setup: StreamSetup, allowHalfClosure: Bool) throws {
    var options = setup.options
    options.outboundHighWatermark = 50_000
    options.outboundLowWatermark = 10_000
    options.socketSendBuffer = 131_072
    options.readBufferCapacity = 4096
    options.allowHalfClosure = allowHalfClosure
    let ends = Counter()
    let errors = Log<Errno?>()
    var events = Events { connection, input in
      // Ten times as much comes back as went in.
      let bytes = input.readAll()
      for _ in 0..<10 { connection.write(bytes) }
      if connection.isInputEnded { ends.add() }
      return connection.isInputEnded ? .close : .none
    }
    events.logEnds(errors)
    try withServer(events, options: options, on: [setup.address]) { server in
      let client = try Client(server.address())
      try client.send([UInt8](repeating: 1, count: 100_000))
      try client.send([UInt8](repeating: 2, count: 20_000))
      client.endOutput()
      try require("reading is paused") {
        server.server.loops.contains { $0.statistics.pendingOutputBytes > 50_000 && $0.statistics.bytesRead < 120_000 }
      }
      try expectIdle(server)
      #expect(errors.count == 0)
      let answer = try client.receiveToEnd()
      #expect(answer.count == 1_200_000)
      #expect(answer.lazy.filter { $0 == 2 }.count == 200_000)
      try require("the connection is closed") { errors.count == 1 }
    }
    #expect(errors.values == [nil])
    #expect(ends.value == (allowHalfClosure ? 1 : 0))
  }

  @Test(
    "without allowHalfClosure the connection closes when its output is sent, and react is not called again",
    arguments: StreamSetup.all)
  func noHalfClosure(setup: StreamSetup) throws {
    let calls = Log<String>()
    var events = Events { connection, input in calls.note("react \(input.text) \(connection.isInputEnded)") }
    events.onClosed = { connection, error in calls.note("closed \(connection.isInputEnded) \(error == nil)") }
    try withServer(events, options: setup.options, on: [setup.address]) { server in
      let client = try Client(server.address())
      try client.send("left unread")
      try require("it has arrived") { calls.count == 1 }
      client.endOutput()
      #expect(try client.receive() == [])
      try require("the connection is closed") { calls.count == 2 }
    }
    #expect(calls.values == ["react left unread false", "closed true true"])
  }

  @Test(
    "with allowHalfClosure react comes once more, and the handler writes on until it closes", arguments: StreamSetup.all
  )
  func halfClosure(setup: StreamSetup) throws {
    let calls = Log<String>()
    let handles = Log<ConnectionHandle>()
    var events = Events { connection, input in
      calls.add("react \(input.text) \(connection.isInputEnded)")
      if connection.isInputEnded {
        connection.write("after your end, ")
        handles.add(connection.handle)
      }
      return .none
    }
    events.onClosed = { _, error in calls.note("closed \(error == nil)") }
    var options = setup.options
    options.allowHalfClosure = true
    try withServer(events, options: options, on: [setup.address]) { server in
      let client = try Client(server.address())
      try client.send("some")
      try require("it has arrived") { calls.count == 1 }
      client.endOutput()
      #expect(try client.receiveText(16) == "after your end, ")
      try expectIdle(server)
      #expect(server.server.connectionCount == 1)
      // A wake is another reason to be called.
      #expect(handles.values[0].wake())
      #expect(try client.receiveText(16) == "after your end, ")
      #expect(handles.values[0].write("and later"))
      #expect(try client.receiveText(9) == "and later")
      #expect(handles.values[0].close())
      #expect(try client.receive() == [])
      try require("the connection is closed") { calls.count == 4 }
    }
    #expect(calls.values == ["react some false", "react some true", "react some true", "closed true"])
  }

  @Test("a half-closed connection whose peer goes is closed once", arguments: StreamSetup.all)
  func halfClosedPeerGoes(setup: StreamSetup) throws {
    let ends = Counter()
    let closes = Counter()
    let handles = Log<ConnectionHandle>()
    var events = Events { connection, input in
      handles.add(connection.handle)
      if connection.isInputEnded { ends.add() }
      return .none
    }
    events.onClosed = { _, _ in closes.note() }
    var options = setup.options
    options.allowHalfClosure = true
    try withServer(events, options: options, on: [setup.address]) { server in
      let client = try Client(server.address())
      client.endOutput()
      try require("react has come once more") { ends.value == 1 }
      client.close()
      // TCP tells only who writes.
      try require("the end is noticed") {
        handles.values[0].write("x")
        return closes.value == 1
      }
      try expectIdle(server)
    }
    #expect(ends.value == 1 && closes.value == 1)
  }

  @Test("half-closed connections are closed at shutdown, and after an idle time", arguments: [true, false])
  func halfClosedAndForgotten(isIdle: Bool) throws {
    let errors = Log<Errno?>()
    let ends = Counter()
    var events = Events { connection, _ in
      if connection.isInputEnded { ends.add() }
      return .none
    }
    events.logEnds(errors)
    var options = Options()
    options.allowHalfClosure = true
    options.idleTimeout = isIdle ? .milliseconds(50) : nil
    try withServer(events, options: options) { server in
      let client = try Client(server.address())
      client.endOutput()
      try require("the end has arrived") { ends.value == 1 }
      if isIdle { try require("time is up") { errors.count == 1 } }
    }
    #expect(errors.values == [isIdle ? .timedOut : nil])
  }

  @Test("a reset while reading is paused is noticed, and what had come before is offered first")
  func resetWhilePaused() throws {
    let bytes = Counter()
    let errors = Log<Errno?>()
    var events = Events { connection, input in
      for _ in 0..<input.readAll().count { bytes.add() }
      if bytes.value == 1 { connection.write([UInt8](repeating: 0, count: 32 << 20)) }
      return .none
    }
    events.logEnds(errors)
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("x")
      try require("output is pending") { server.server.loops[0].statistics.pendingOutputBytes > 0 }
      try client.send("rest")
      try expectIdle(server)
      #expect(bytes.value == 1)
      client.reset()
      try require("the end is noticed") { errors.count == 1 }
      try expectIdle(server)
    }
    withErrnoOfReset { #expect(errors.values == [.connectionReset]) }
    #expect(bytes.value == 5)
  }
}
