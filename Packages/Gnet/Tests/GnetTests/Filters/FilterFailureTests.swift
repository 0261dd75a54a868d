import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("filters that fail, and peers that do not do their part") struct FilterFailureTests {
  /// A filter that throws at its start, behind some bytes.
  private final class FailingStart: ConnectionFilter {
    func start(_ network: inout RingBuffer) throws {
      network.write(Framing.alert)
      throw Framing.Failure(description: "no start")
    }
    func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
      Issue.record("nothing is called after a failure")
      return .ended
    }
    func send(_ output: inout RingBuffer, _ network: inout RingBuffer) {
      Issue.record("nothing is called after a failure")
    }
  }

  /// Waits until the server has no connection, and nothing was called.
  private func expectSilence(_ server: Server, _ calls: Calls, failures: UInt64) throws {
    try require("the connection has gone") { server.connectionCount == 0 }
    try require("it is counted") { server.loops[0].statistics.filterFailures == failures }
    #expect(calls.values == [])
    #expect(server.loops[0].statistics.connectionsOpened == 0)
  }

  @Test("a peer with a wrong message gets the alert, and nobody hears of it", arguments: StreamTransport.allCases)
  func handshake(transport: StreamTransport) throws {
    let calls = Calls()
    try withFilter({ Framing($0) }, calls.service(), transport: transport) { server in
      let client = try Client(server.addresses[0])
      // More follows: closing must not destroy the alert.
      try client.send("hello 1\nnonsense\n" + String(repeating: "x", count: 100_000))
      #expect(try client.receive(through: "alert\n") == "hello 2\nalert\n")
      client.close()
      try expectSilence(server, calls, failures: 1)
    }
  }

  @Test("a filter that throws before it has begun ends the connection")
  func beginning() throws {
    let calls = Calls()
    try withFilter({ _ in FailingStart() }, calls.service()) { server in
      let client = try Client(server.addresses[0])
      #expect(try client.receive(through: "\n") == "alert\n")
      try expectSilence(server, calls, failures: 1)
    }
    try withFilter({ _ in throw Framing.Failure(description: "not made") }, calls.service()) { server in
      let client = try Client(server.addresses[0])
      #expect(try client.receiveToEnd() == [])
      try expectSilence(server, calls, failures: 1)
    }
  }

  @Test("a peer that goes in the middle of a handshake leaves nothing behind", arguments: 0...15)
  func leaving(count: Int) throws {
    let calls = Calls()
    try withFilter({ Framing($0) }, calls.service()) { server in
      let client = try Client(server.addresses[0])
      try client.send(Array("hello 1\nhello 3\n".utf8.prefix(count)))
      if count >= 8 { #expect(try client.receiveLine() == "hello 2") }
      client.close()
      // A client that only probes the listener is no failure.
      try expectSilence(server, calls, failures: count == 0 ? 0 : 1)
    }
  }

  @Test("a peer that resets in the middle of a handshake leaves nothing behind")
  func resetting() throws {
    let calls = Calls()
    try withFilter({ Framing($0) }, calls.service()) { server in
      let client = try Client(server.addresses[0])
      try client.send("hello 1\n")
      #expect(try client.receiveLine() == "hello 2")
      client.reset()
      try require("the connection has gone") { server.connectionCount == 0 }
      #expect(calls.values == [])
    }
  }

  @Test(
    "a system call that fails in a handshake ends the connection, and nobody hears of it",
    arguments: [.receive, .send] as [SystemCall])
  func systemCalls(call: SystemCall) throws {
    let calls = Calls()
    let plan = FaultPlan()
    try withFilter({ Framing($0) }, calls.service(), options: Options(faults: plan)) { server in
      plan.fail(call, with: .connectionReset)
      let client = try Client(server.addresses[0])
      try client.send("hello 1\n")
      #expect(((try? client.receiveToEnd()) ?? []).isEmpty)
      try require("the connection has gone") { server.connectionCount == 0 }
      #expect(plan.remaining == 0 && calls.values == [])
      // The loop goes on.
      try Client(server.addresses[0]).makeHandshake()
    }
  }

  @Test("a handshake whose bytes leave one at a time, and arrive so, is made")
  func shortCalls() throws {
    let calls = Calls()
    let plan = FaultPlan()
    plan.shorten(.receive, to: 1, times: 12)
    plan.shorten(.send, to: 1, times: 12)
    try withFilter({ Framing($0) }, calls.service(), options: Options(faults: plan)) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      try client.send(Framing.frame("one") + [0])
      #expect(try client.receiveToEnd() == [0])
      try calls.waitForEnd()
      #expect(calls.values == ["opened", "react one", "closed in order"])
    }
  }

  @Test("a silent peer is cut when the filter's time is over, or that of reading", arguments: [false, true])
  func silence(byReadTimeout: Bool) throws {
    let calls = Calls()
    var options = Options()
    if byReadTimeout { options.readTimeout = .milliseconds(100) }
    let limit: Duration = byReadTimeout ? .seconds(60) : .milliseconds(100)
    try withFilter({ Framing($0, handshakeTimeout: limit) }, calls.service(), options: options) { server in
      let clients = try ["", "hel", "hello 1\n"].map { text in
        let client = try Client(server.addresses[0])
        try client.send(text)
        return client
      }
      for client in clients { _ = try client.receiveToEnd() }
      try expectSilence(server, calls, failures: 3)
    }
  }

  @Test("a peer whose handshake was in time is not cut by the time that it had")
  func inTime() throws {
    let limit = Duration.milliseconds(150)
    try withFilter({ Framing($0, handshakeTimeout: limit) }, Service(.echo)) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      #expect(!client.isReadable(within: .milliseconds(400)))
      try client.send(Framing.frame("still here"))
      #expect(try client.receiveFrame() == "still here")
    }
  }

  @Test("a bad frame ends the connection behind those before it, with the filter's error, and an alert")
  func badFrame() throws {
    let calls = Calls()
    try withFilter({ Framing($0) }, calls.service()) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      try client.send(Framing.frame("good") + Framing.frame("bad!") + Framing.frame("lost"))
      #expect(try client.receiveToEnd() == Array(Framing.alert.utf8))
      try calls.waitForEnd()
      #expect(calls.values == ["opened", "react good", "closed a bad frame"])
    }
  }

  @Test("output that a filter refuses ends the connection, with the filter's error, and an alert")
  func badOutput() throws {
    let calls = Calls()
    let service = calls.service { connection in
      connection.write("what?")
      return .none
    }
    try withFilter({ Framing($0) }, service) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      #expect(try client.receiveToEnd() == Array(Framing.alert.utf8))
      try calls.waitForEnd()
      #expect(calls.values == ["opened", "closed bad output"])
    }
  }

  @Test("a stream that ends without the filter's end is an error, behind what had come", arguments: [false, true])
  func truncation(halfClosure: Bool) throws {
    let calls = Calls()
    var options = Options()
    options.allowHalfClosure = halfClosure
    try withFilter({ Framing($0) }, calls.service(), options: options) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      try client.send(Framing.frame("whole") + Framing.frame("cut").dropLast())
      client.endOutput()
      #expect(try client.receiveToEnd() == [])
      try calls.waitForEnd()
      #expect(calls.values == ["opened", "react whole", "closed truncated"])
    }
  }

  @Test("a reset is told as a reset", .disabled(if: isKqueueEmulated, "libkqueue takes the error off the socket"))
  func reset() throws {
    let calls = Calls()
    try withFilter({ Framing($0) }, calls.service()) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      try require("it is open") { calls.values == ["opened"] }
      client.reset()
      try calls.waitForEnd()
      #expect(calls.values == ["opened", "closed \(Errno.connectionReset)"])
    }
  }

  @Test("a shutdown ends handshakes that have not begun at once, and lets the others finish")
  func shutdown() throws {
    let calls = Calls()
    let listener = Listener("tcp://127.0.0.1:0", calls.service(), filter: { Framing($0) })
    var options = Options(loopCount: 1)
    options.drainTimeout = .seconds(20)
    let running = try start([listener], options: options)
    let (silent, begun) = (try Client(running.server.addresses[0]), try Client(running.server.addresses[0]))
    try begun.send("hello 1\n")
    #expect(try begun.receiveLine() == "hello 2")
    running.shutdown()
    #expect(try silent.receiveToEnd() == [])
    try begun.send("hello 3\n")
    #expect(try begun.receiveToEnd() == Array("hello 4\n".utf8) + [0])
    begun.close()
    try running.wait()
    #expect(calls.values == ["opened", "closed in order"])
  }

  @Test("a shutdown does not wait for a handshake for longer than it waits for anything")
  func drain() throws {
    var options = Options(loopCount: 1)
    options.drainTimeout = .milliseconds(100)
    let calls = Calls()
    let listener = Listener("tcp://127.0.0.1:0", calls.service(), filter: { Framing($0) })
    let running = try start([listener], options: options)
    let client = try Client(running.server.addresses[0])
    try client.send("hello 1\n")
    #expect(try client.receiveLine() == "hello 2")
    running.shutdown()
    try running.wait()
    #expect(try client.receiveToEnd() == [])
    #expect(calls.values == [])
  }

  @Test("connections whose handshake is not over count against the limit")
  func limit() throws {
    var options = Options()
    options.maxConnections = 1
    try withFilter({ Framing($0) }, Service(.echo), options: options) { server in
      let first = try Client(server.addresses[0])
      try first.send("hello 1\n")
      #expect(try first.receiveLine() == "hello 2")
      let second = try Client(server.addresses[0])
      #expect(try second.receiveToEnd() == [])
      first.close()
      try require("the first has gone") { server.connectionCount == 0 }
      try Client(server.addresses[0]).makeHandshake()
    }
  }

  /// A filter that is never established.
  private final class Waiting: ConnectionFilter {
    let ends: Log<Errno?>
    let handshakeTimeout: Duration?

    init(_ ends: Log<Errno?>, handshakeTimeout: Duration? = .seconds(10)) {
      self.ends = ends
      self.handshakeTimeout = handshakeTimeout
    }
    func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
      .establishing
    }
    func send(_ output: inout RingBuffer, _ network: inout RingBuffer) {}
    func abandoned(_ error: Errno?) { ends.add(error) }
  }

  @Test(
    "a filter learns why a connection has ended before it was established",
    .disabled(if: isKqueueEmulated, "libkqueue takes the error off the socket"))
  func abandonment() throws {
    let ends = Log<Errno?>()
    try withFilter({ _ in Waiting(ends) }, Service(.echo)) { server in
      try Client(server.addresses[0]).close()
      try require("the peer has left before it sent anything") { ends.values == [nil] }
      let client = try Client(server.addresses[0])
      try client.send("x")
      try require("it has arrived") { server.loops[0].statistics.bytesRead == 1 }
      client.reset()
      try require("the peer was reset") { ends.values == [nil, .connectionReset] }
    }
    let late = Log<Errno?>()
    try withFilter({ _ in Waiting(late, handshakeTimeout: .milliseconds(20)) }, Service(.echo)) { server in
      let client = try Client(server.addresses[0])
      #expect(try client.receiveToEnd() == [])
      #expect(late.values == [.timedOut])
    }
  }

  @Test("so does the filter of an outbound connection, and a filter that was added to an open one")
  func abandonmentElsewhere() throws {
    let ends = Log<Errno?>()
    var options = ConnectOptions()
    options.timeout = .milliseconds(50)
    options.filter = { _ in Waiting(ends) }
    try withService(Service(.echo)) { server in
      try withClients { clients in
        let dialled = DialledConnection()
        clients.connect(to: server.addresses[0].text, options: options, dialled.service(), onFailure: dialled.fail)
        try require("the time is over") { ends.values == [.timedOut] }
        let service = dialled.service { $0.addFilter(Waiting(ends, handshakeTimeout: .milliseconds(20))) }
        clients.connect(to: server.addresses[0].text, service, onFailure: dialled.fail)
        try require("the time is over again") { ends.values == [.timedOut, .timedOut] }
      }
    }
  }
}
