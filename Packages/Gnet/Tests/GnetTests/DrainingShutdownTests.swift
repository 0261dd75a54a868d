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

/// A shutdown that lets connections finish.
@Suite struct DrainingShutdownTests {
  /// Answers "request" with "answer" and closes; "block" waits at the gate; "later" is answered by the test.
  private static func events(_ calls: Log<String>, _ gate: Gate = Gate(), shutdown: Action = .none) -> Events {
    var events = Events { connection, input in
      let text = input.readText()
      calls.add(text)
      if text == "block" {
        gate.pass()
        return .close
      }
      if text == "later" { return .none }
      connection.write("answer")
      return .close
    }
    events.onShutdown = { connection in
      calls.add("shuttingDown \(connection.isShuttingDown)")
      return shutdown
    }
    events.onClosed = { connection, error in calls.note("closed \(code(error))") }
    return events
  }

  @Test(
    "connections that wait to be accepted when the server shuts down are served, and so is what they had sent",
    arguments: StreamSetup.all)
  func acceptQueue(setup: StreamSetup) throws {
    let (gate, calls) = (Gate(), Log<String>())
    let server = try TestServer(Self.events(calls, gate), options: setup.options, on: [setup.address])
    // Every loop is blocked, however the connections are dealt.
    var blockers: [Client] = []
    while gate.arrived < setup.loopCount && blockers.count < 64 * setup.loopCount {
      blockers.append(try Client(server.address()))
      try blockers[blockers.count - 1].send("block")
      if setup.loadBalancing == .sourceAddressHash { break }
      let deadline = ContinuousClock.now + .milliseconds(20)
      while gate.arrived < min(setup.loopCount, blockers.count), ContinuousClock.now < deadline { _ = poll(nil, 0, 1) }
    }
    let clients = try (0..<50).map { _ in try Client(server.address()) }
    for client in clients { try client.send("request") }
    server.server.shutdown()
    gate.open()
    for client in clients { #expect(try client.receiveToEnd() == Array("answer".utf8)) }
    try server.waitForEnd()
    #expect(calls.values.filter { $0 == "request" }.count == 50)
  }

  @Test(
    "what had arrived when the server shuts down is offered, also in many small reads", arguments: [65536, 100])
  func arrived(readBufferCapacity: Int) throws {
    let gate = Gate()
    let received = Counter()
    let events = Events { connection, input in
      if input[0] == UInt8(ascii: "b") { gate.pass() }
      received.add(input.count)
      input.removeAll()
      return .none
    }
    var options = Options()
    options.readBufferCapacity = readBufferCapacity
    let server = try TestServer(events, options: options)
    let client = try Client(server.address())
    try client.send("x")
    try require("it is open") { received.value == 1 }
    let blocker = try Client(server.address())
    try blocker.send("b")
    try require("the loop is busy") { gate.arrived == 1 }
    try client.send([UInt8](repeating: 0, count: 30_000))
    server.server.shutdown()
    gate.open()
    #expect(try client.receiveToEnd() == [])
    try server.waitForEnd()
    #expect(received.value == 30_002)
    withExtendedLifetime(blocker) {}
  }

  @Test(
    "a request that is due after the shutdown has begun is answered, and the connection ends by itself",
    arguments: [1, 3], StreamTransport.allCases)
  func finishes(loopCount: Int, transport: StreamTransport) throws {
    let calls = Log<String>()
    let handles = Log<ConnectionHandle>()
    var events = Self.events(calls)
    events.logHandles(handles)
    let workers = WorkerPool(threadCount: 1, queueCapacity: 10)
    events.react = { connection, input in
      input.removeAll()
      let handle = connection.handle
      connection.loop.schedule(after: .milliseconds(300)) {
        _ = workers.submit {
          handle.write("answer")
          handle.close()
        }
      }.keep()
      return .none
    }
    var options = Options(loopCount: loopCount)
    options.drainTimeout = .seconds(30)
    let server = try TestServer(events, options: options, on: [transport.address()])
    let clients = try (0..<6).map { _ in try Client(server.address()) }
    for client in clients { try client.send("x") }
    try require("all are open") { handles.count == 6 }
    let start = ContinuousClock.now
    server.server.shutdown()
    for client in clients { #expect(try client.receiveToEnd() == Array("answer".utf8)) }
    try server.waitForEnd()
    #expect(ContinuousClock.now - start < .seconds(20))
    #expect(calls.values.filter { $0 == "shuttingDown true" }.count == 6)
    #expect(calls.values.filter { $0 == "closed 0" }.count == 6)
    workers.shutdown()
  }

  @Test(
    "listeners are closed as soon as a shutdown begins, while connections go on", arguments: StreamSetup.all)
  func listeners(setup: StreamSetup) throws {
    let calls = Log<String>()
    var options = setup.options
    options.drainTimeout = .seconds(30)
    let server = try TestServer(Self.events(calls), options: options, on: [setup.address])
    let address = server.address()
    let clients = try (0..<3).map { _ in try Client(address) }
    for client in clients { try client.send("later") }
    try require("all have been served") { calls.count == 3 }
    server.server.shutdown()
    try require("all have been asked") { calls.values.filter { $0 == "shuttingDown true" }.count == 3 }
    try require("nobody can connect any more") {
      // A connection that comes while the last loop closes its listener may be reset.
      (try? Client(address)) == nil
    }
    #expect(server.outcome == nil)
    for client in clients { try client.expectLastAnswer("answer", to: "request") }
    try server.waitForEnd()
    #expect(calls.values.filter { $0.hasPrefix("shuttingDown") }.count == 3)
  }

  @Test("connections that do not end by themselves are closed when the drain time-out is over", arguments: [1, 3])
  func drainTimeout(loopCount: Int) throws {
    let calls = Log<String>()
    var options = Options(loopCount: loopCount)
    options.drainTimeout = .milliseconds(200)
    let server = try TestServer(Self.events(calls), options: options)
    let clients = try (0..<5).map { _ in try Client(server.address()) }
    for client in clients { try client.send("later") }
    try require("all have been served") { calls.count == 5 }
    let start = ContinuousClock.now
    server.server.shutdown()
    for client in clients { #expect(try client.receiveToEnd() == []) }
    try server.waitForEnd()
    #expect(ContinuousClock.now - start >= .milliseconds(200))
    #expect(calls.values.filter { $0 == "shuttingDown true" }.count == 5)
    #expect(calls.values.filter { $0 == "closed \(Errno.timedOut.rawValue)" }.count == 5)
  }

  @Test("a connection that is closing already when a shutdown begins is not asked, and loses nothing")
  func closing() throws {
    let calls = Log<String>()
    var events = Self.events(calls)
    events.react = { connection, input in
      input.removeAll()
      connection.write(pattern(8 << 20))
      calls.add("react")
      return .close
    }
    var options = Options()
    options.drainTimeout = .seconds(30)
    let server = try TestServer(events, options: options)
    let client = try Client(server.address())
    try client.send("x")
    try require("it is closing") { calls.count == 1 && server.sum(\.pendingOutputBytes) > 0 }
    server.server.shutdown()
    #expect(try isPattern(client.receiveToEnd(), 8 << 20))
    try server.waitForEnd()
    #expect(calls.values == ["react", "closed 0"])
  }

  @Test(
    "the answer to a shutdown is sent before the connection is closed, and the default closes",
    arguments: [false, true])
  func farewell(answers: Bool) throws {
    let opened = Counter()
    var events = Events()
    events.onOpened = { connection in
      if !connection.isShuttingDown { opened.add() }
      return .none
    }
    if answers {
      events.onShutdown = { connection in
        connection.write("bye")
        return .close
      }
    }
    let server = try TestServer(events)
    let client = try Client(server.address())
    try require("it is open") { opened.value == 1 }
    server.server.shutdown()
    #expect(try client.receiveToEnd() == Array((answers ? "bye" : "").utf8))
    try server.waitForEnd()
  }

  @Test("a connection that is handed in after a shutdown has begun is asked too")
  func adoptedLate() throws {
    let calls = Log<String>()
    var options = Options()
    options.drainTimeout = .seconds(30)
    let events = Self.events(calls)
    let server = try TestServer(events, options: options)
    let client = try Client(server.address())
    try client.send("later")
    try require("it has been served") { calls.count == 1 }
    server.server.shutdown()
    try require("it has been asked") { calls.count == 2 }
    var closing = Events.echo
    closing.onClosed = { _, error in calls.note("adopted closed \(code(error))") }
    var ends: [Int32] = [0, 0]
    unsafe _ = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
    server.server.loops[0].adopt(FileDescriptor(rawValue: ends[0]), Service(closing))
    var byte: UInt8 = 0
    #expect(unsafe recv(ends[1], &byte, 1, 0) == 0)
    Glibc.close(ends[1])
    try client.expectLastAnswer("answer", to: "request")
    try server.waitForEnd()
    #expect(calls.values.contains("adopted closed 0"))
  }

  #if os(Linux)
    @Test("more connections than a mailbox holds, accepted at the last moment, are all asked")
    func crowd() throws {
      let asked = Counter()
      let count = min(2500, (ProcessState.descriptorLimit - 200) / 2)
      var events = Events()
      events.onShutdown = { _ in asked.note(then: .close) }
      var options = Options(loopCount: 2)
      options.loadBalancing = .leastConnections
      options.drainTimeout = .seconds(9)
      let server = try TestServer(events, options: options, on: [StreamTransport.unix.address()])
      let gates = try server.server.loops.map { try $0.hold() }
      let clients = try (0..<count).map { _ in try Client(server.address()) }
      server.server.shutdown()
      try require("all are accepted") { server.server.connectionCount == count }
      for gate in gates { gate.open() }
      for client in clients { #expect(try client.receiveToEnd() == []) }
      try server.waitForEnd()
      #expect(asked.value == count)
    }
  #endif

  @Test("datagrams that had arrived when the server shuts down are answered")
  func datagrams() throws {
    let gate = Gate()
    let events = Events { connection, input in
      if input[0] == UInt8(ascii: "b") { gate.pass() }
      connection.write(moving: &input)
      return .none
    }
    let server = try TestServer(events, on: ["udp://127.0.0.1:0"])
    let client = try Client(server.address(), datagrams: true)
    try client.send("b")
    try require("the loop is busy") { gate.arrived == 1 }
    for index in 0..<100 { try client.send("\(index)") }
    server.server.shutdown()
    gate.open()
    #expect(try client.receiveText() == "b")
    for index in 0..<100 { #expect(try client.receiveText() == "\(index)") }
    try server.waitForEnd()
  }

  @Test("a handle's calls are served in order during the drain")
  func handles() throws {
    let calls = Log<String>()
    let handles = Log<ConnectionHandle>()
    var events = Self.events(calls)
    events.logHandles(handles)
    let server = try TestServer(events)
    let client = try Client(server.address())
    try require("it is open") { handles.count == 1 }
    server.server.shutdown()
    try require("it has been asked") { calls.count == 1 }
    let handle = handles.values[0]
    #expect(handle.write("1"))
    #expect(
      handle.perform { connection in
        connection.write("2")
        return .none
      })
    #expect(handle.write("3"))
    #expect(try client.receiveText(3) == "123")
    handle.close()
    #expect(try client.receiveToEnd() == [])
    try server.waitForEnd()
    #expect(!handle.write("4") && !handle.perform { _ in .none })
  }
}
