import RingBuffer
import SystemPackage
import Synchronization
import TestPeers
import TestSupport
import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The time that a handler sets, and `Options.readTimeout`.
@Suite struct TimeoutTests {
  /// Sends everything back, sets a time-out at first, and logs the errors that connections are closed with.
  private static func events(_ closed: Log<Int32>, timeout: Duration? = nil) -> Events {
    var events = Events.echo
    if let timeout {
      events.onOpened = { connection in
        connection.setTimeout(timeout)
        return .none
      }
    }
    events.logEnds(closed)
    return events
  }

  /// Answers a request with more than the kernel takes, and sets a time-out.
  private static func flooding(_ closed: Log<Int32>, timeout: Duration, then action: Action = .none) -> Events {
    var events = events(closed)
    events.react = { connection, input in
      input.removeAll()
      connection.write(pattern(16 << 20))
      connection.setTimeout(timeout)
      return action
    }
    return events
  }

  @Test(
    "a time-out is never early, and closes with an error", arguments: [0, 1, 20, 150], StreamTransport.allCases)
  func neverEarly(milliseconds: Int, transport: StreamTransport) throws {
    let closed = Log<Int32>()
    let times = Log<ContinuousClock.Instant>()
    var events = Self.events(closed)
    events.onOpened = { connection in
      times.add(.now)
      connection.setTimeout(.milliseconds(milliseconds))
      return .none
    }
    events.onTimeout = { _ in times.note(.now, then: .close) }
    try withServer(events, on: [transport.address()]) { server in
      let client = try Client(server.address())
      #expect(try client.receiveToEnd() == [])
      try require("it is closed") { closed.count == 1 }
    }
    #expect(closed.values == [Errno.timedOut.rawValue] && times.count == 2)
    #expect(times.values[1] - times.values[0] >= .milliseconds(milliseconds))
  }

  @Test("a time in the past is due at once, and one without end never")
  func extremes() throws {
    let closed = Log<Int32>()
    let timedOut = Counter()
    var events = Self.events(closed)
    events.react = { connection, input in
      let text = input.readText()
      connection.setTimeout(text == "-" ? .seconds(Int64.min) : .seconds(Int64.max))
      if text != "-" { connection.write(text) }
      return .none
    }
    events.onTimeout = { _ in timedOut.note(then: .close) }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.expectEcho("+")
      #expect(timedOut.value == 0)
      try client.send("-")
      #expect(try client.receiveToEnd() == [])
      #expect(timedOut.value == 1)
    }
  }

  @Test("a time-out that every request moves fires once, after the last")
  func moved() throws {
    let closed = Log<Int32>()
    let last = Log<ContinuousClock.Instant>()
    let fired = Log<ContinuousClock.Instant>()
    var events = Self.events(closed)
    events.react = { connection, input in
      last.add(.now)
      connection.setTimeout(.milliseconds(300))
      connection.write(moving: &input)
      return .none
    }
    events.onTimeout = { _ in fired.note(.now, then: .close) }
    try withServer(events) { server in
      let client = try Client(server.address())
      let start = ContinuousClock.now
      while ContinuousClock.now - start < .milliseconds(700) {
        try client.expectEcho("x")
        _ = poll(nil, 0, 20)
      }
      #expect(try client.receiveToEnd() == [])
    }
    #expect(fired.count == 1 && closed.values == [Errno.timedOut.rawValue])
    #expect(try #require(fired.values.first) - #require(last.values.last) >= .milliseconds(300))
  }

  @Test("a time-out that was set shorter than before fires at the shorter one")
  func shortened() throws {
    let closed = Log<Int32>()
    var events = Self.events(closed, timeout: .seconds(3600))
    events.react = { connection, input in
      input.removeAll()
      connection.setTimeout(.milliseconds(20))
      return .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("x")
      #expect(try client.receiveToEnd() == [])
      try closed.expectEnd(with: .timedOut)
    }
  }

  @Test("a time-out that was taken back does not fire, and may be set again")
  func takenBack() throws {
    let closed = Log<Int32>()
    let timedOut = Log<String>()
    var events = Self.events(closed, timeout: .milliseconds(100))
    events.react = { connection, input in
      connection.setTimeout(input[0] == UInt8(ascii: "n") ? nil : .milliseconds(10))
      connection.write(moving: &input)
      return .none
    }
    events.onTimeout = { connection in timedOut.note("\(connection.remoteAddress)", then: .close) }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.expectEcho("n")
      // A later connection's time-out shows that the time of the first has passed.
      let later = try Client(server.address())
      #expect(try later.receiveToEnd() == [])
      #expect(timedOut.count == 1)
      try client.expectLastAnswer("s", to: "s")
      #expect(timedOut.values == [try "\(later.localAddress)", try "\(client.localAddress)"])
    }
  }

  @Test("a handler may go on after a time-out, and set the next one there")
  func again() throws {
    let times = Log<ContinuousClock.Instant>()
    var events = Events.echo
    events.onOpened = { connection in
      times.add(.now)
      connection.setTimeout(.milliseconds(30))
      return .none
    }
    events.onTimeout = { connection in
      times.add(.now)
      if times.count < 4 { connection.setTimeout(.milliseconds(30)) }
      connection.write("!")
      return .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      #expect(try client.receiveText(3) == "!!!")
      try client.expectEcho("still there")
    }
    let values = times.values
    #expect(values.count == 4)
    for (earlier, later) in zip(values, values.dropFirst()) { #expect(later - earlier >= .milliseconds(30)) }
  }

  @Test(
    "the answer that a handler gives at the time-out arrives in full, though the peer goes on sending",
    arguments: StreamTransport.allCases)
  func lastAnswer(transport: StreamTransport) throws {
    let closed = Log<Int32>()
    var events = Self.events(closed, timeout: .milliseconds(100))
    events.react = { _, input in
      input.removeAll()
      return .none
    }
    events.onTimeout = { connection in
      connection.write(pattern(300_000))
      return .close
    }
    try withServer(events, on: [transport.address()]) { server in
      let client = try Client(server.address())
      let sender = SendableClient(client)
      let finished = Counter()
      TestThread.detach {
        while finished.value == 0 {
          guard (try? sender.client.send("more")) != nil else { break }
          _ = poll(nil, 0, 1)
        }
        finished.add()
      }
      #expect(try isPattern(client.receiveToEnd(), 300_000))
      try closed.expectEnd(with: .timedOut)
      finished.add()
      try require("the sender has finished") { finished.value == 2 }
    }
  }

  /// The ways to limit the silence of a peer.
  enum Limit: String, CaseIterable, CustomTestStringConvertible {
    case setTimeout, idleTimeout, readTimeout
    var testDescription: String { rawValue }
  }

  @Test(
    "a process that stood still for longer than a time-out cuts nobody whose bytes had arrived",
    arguments: Limit.allCases)
  func stoppedProcess(limit: Limit) throws {
    let timeout = Duration.milliseconds(1500)
    let (gate, opened) = (Gate(), Counter())
    let closed = Log<Int32>()
    var events = Self.events(closed)
    events.onOpened = { connection in
      if limit == .setTimeout { connection.setTimeout(timeout) }
      opened.add()
      return .none
    }
    events.react = { connection, input in
      if limit == .setTimeout { connection.setTimeout(timeout) }
      if input[0] == UInt8(ascii: "b") { gate.pass() }
      connection.write(moving: &input)
      return .none
    }
    var options = Options()
    if limit == .idleTimeout { options.idleTimeout = timeout }
    if limit == .readTimeout { options.readTimeout = timeout }
    try withServer(events, options: options, on: [StreamTransport.unix.address()]) { server in
      let silent = try Client(server.address())
      let blocker = try Client(server.address())
      let clients = try (0..<600).map { _ in try Client(server.address()) }
      try require("all are open") { opened.value == 602 }
      let start = ContinuousClock.now
      try blocker.send("b")
      try require("the loop stands still") { gate.arrived == 1 }
      for client in clients { try client.send("x") }
      while ContinuousClock.now - start < timeout + .milliseconds(200) { _ = poll(nil, 0, 20) }
      #expect(closed.count == 0)
      gate.open()
      for client in clients { #expect(try client.receiveText(1) == "x") }
      #expect(try silent.receiveToEnd() == [])
      // The silent one, and the blocker where its own time counts from before it blocked.
      #expect(closed.count <= 2)
      for code in closed.values { #expect(code == Errno.timedOut.rawValue) }
      withExtendedLifetime(blocker) {}
    }
  }

  @Test(
    "a process that stood still for longer than the idle time-out cuts nobody who has gone on reading",
    arguments: StreamTransport.allCases)
  func stoppedProcessWithReader(transport: StreamTransport) throws {
    let timeout = Duration.milliseconds(1500)
    let gate = Gate()
    let closed = Log<Int32>()
    var events = Self.events(closed)
    events.react = { connection, input in
      if input.readText() == "block" {
        gate.pass()
        return .none
      }
      connection.write(pattern(16 << 20))
      return .close
    }
    var options = Options()
    options.idleTimeout = timeout
    try withServer(events, options: options, on: [transport.address()]) { server in
      let reader = try Client(server.address())
      try reader.send("x")
      // The kernel has taken what it can.
      let first = try reader.receive(exactly: 1)
      let blocker = try Client(server.address())
      try blocker.send("block")
      try require("the loop stands still") { gate.arrived == 1 }
      let start = ContinuousClock.now
      // Less than the kernel has, and enough to make it take more.
      var bytes = first
      while ContinuousClock.now - start < timeout + .milliseconds(100) {
        if bytes.count < 200_000 { bytes += try reader.receive(upTo: 20_000) }
        _ = poll(nil, 0, 10)
      }
      gate.open()
      bytes += try reader.receiveToEnd()
      #expect(isPattern(bytes, 16 << 20))
      withExtendedLifetime(blocker) {}
    }
  }

  @Test("a peer that only reads is cut by the read time-out, which closes with an error", arguments: [false, true])
  func onlyReading(alsoIdle: Bool) throws {
    let closed = Log<Int32>()
    let handles = Log<ConnectionHandle>()
    let times = Log<ContinuousClock.Instant>()
    var events = Self.events(closed)
    events.onOpened = { connection in
      times.add(.now)
      return handles.note(connection.handle)
    }
    var options = Options()
    options.readTimeout = .milliseconds(600)
    if alsoIdle { options.idleTimeout = .milliseconds(400) }
    try withServer(events, options: options) { server in
      let client = try Client(server.address())
      try require("it is open") { handles.count == 1 }
      let handle = handles.values[0]
      while handle.write("x"), ContinuousClock.now - times.values[0] < .seconds(10) { _ = poll(nil, 0, 5) }
      #expect(ContinuousClock.now - times.values[0] >= .milliseconds(600))
      try closed.expectEnd(with: .timedOut)
      withExtendedLifetime(client) {}
    }
  }

  @Test("with both time-outs, a silent connection ends by the shorter")
  func both() throws {
    let closed = Log<Int32>()
    var options = Options()
    options.readTimeout = .seconds(3600)
    options.idleTimeout = .milliseconds(100)
    try withServer(Self.events(closed), options: options) { server in
      try expectTimeOut(of: server, after: .milliseconds(100), closed)
    }
  }

  @Test("time in which reading is paused does not count as a peer's silence")
  func paused() throws {
    let closed = Log<Int32>()
    let (resumed, ended) = (Log<ContinuousClock.Instant>(), Log<ContinuousClock.Instant>())
    var events = Events.echo
    events.onOpened = { connection in
      connection.isReadingPaused = true
      let handle = connection.handle
      connection.loop.schedule(after: .milliseconds(500)) {
        handle.perform { connection in
          resumed.add(.now)
          connection.isReadingPaused = false
          return .none
        }
      }.keep()
      return .none
    }
    events.onClosed = { _, error in
      ended.add(.now)
      return closed.note(code(error))
    }
    var options = Options()
    options.readTimeout = .milliseconds(200)
    try withServer(events, options: options) { server in
      let client = try Client(server.address())
      #expect(try client.receiveToEnd() == [])
      try require("it is closed") { closed.count == 1 }
    }
    #expect(resumed.count == 1 && closed.values == [Errno.timedOut.rawValue])
    #expect(try #require(ended.values.first) - #require(resumed.values.first) >= .milliseconds(200))
  }

  @Test("output above the watermark does not count as a peer's silence")
  func full() throws {
    let (closed, fired) = (Log<Int32>(), Counter())
    var events = Self.flooding(closed, timeout: .milliseconds(500))
    events.onTimeout = { _ in fired.note() }
    var options = Options()
    options.readTimeout = .milliseconds(150)
    try withServer(events, options: options) { server in
      let client = try Client(server.address())
      try client.send("x")
      try require("more than the read time-out has passed") { fired.value == 1 }
      #expect(closed.count == 0)
      #expect(try isPattern(client.receive(exactly: 16 << 20), 16 << 20))
      #expect(try client.receiveToEnd() == [])
      try closed.expectEnd(with: .timedOut)
    }
  }

  enum Answer: CaseIterable {
    case nothing, close, abort
  }

  @Test(
    "a time-out of a connection that is closing is told, and with a close or an abort ends it at once",
    arguments: Answer.allCases, [Action.close, .detach])
  func closing(answer: Answer, ending: Action) throws {
    let (closed, fired) = (Log<Int32>(), Counter())
    var events = Self.flooding(closed, timeout: .milliseconds(30), then: ending)
    events.onTimeout = { connection in
      fired.add()
      connection.write("dropped")
      if answer == .abort { connection.abort() }
      return answer == .nothing ? .none : .close
    }
    events.onDetached = { _, _ in .none }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("x")
      try require("the time-out is told") { fired.value == 1 }
      if answer == .nothing {
        #expect(try isPattern(client.receive(exactly: 16 << 20), 16 << 20))
        #expect(try client.receiveToEnd() == Array((ending == .detach ? "dropped" : "").utf8))
        #expect(closed.values == (ending == .detach ? [] : [0]))
      } else {
        try closed.expectEnd(with: answer == .close ? .timedOut : .connectionAbort)
        try require("nothing is pending") { server.sum(\.pendingOutputBytes) == 0 }
      }
      #expect(fired.value == 1)
    }
  }

  @Test("a time-out set while the loop was busy counts from the call")
  func countsFromTheCall() throws {
    let times = Log<ContinuousClock.Instant>()
    var events = Events { connection, input in
      input.removeAll()
      _ = poll(nil, 0, 150)
      times.add(.now)
      connection.setTimeout(.milliseconds(100))
      return .none
    }
    events.onTimeout = { _ in times.note(.now, then: .close) }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("x")
      #expect(try client.receiveToEnd() == [])
    }
    #expect(times.count == 2 && times.values[1] - times.values[0] >= .milliseconds(100))
  }

  @Test("moving a time-out with every request costs no turns of the loop")
  func cost() throws {
    let events = Events { connection, input in
      connection.setTimeout(.seconds(30))
      connection.write(moving: &input)
      return .none
    }
    try withServer(events) { server in
      try expectOneTurnPerRequest(server)
    }
  }

  @Test("a closed connection lingers for its peer also when the loop was busy for long before")
  func lingersAfterBusyCallback() throws {
    let events = Events { connection, input in
      // Longer than a closed connection lingers, which counts from the closing.
      _ = poll(nil, 0, 2200)
      connection.write(pattern(100_000))
      return .close
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("go")
      #expect(try client.receive(exactly: 1000).count == 1000)
      for _ in 0..<20 { try client.send(pattern(1000)) }
      #expect(try client.receiveToEnd().count == 99_000)
    }
  }
}
