import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("outbound connections that fail") struct ConnectFailureTests {
  /// Connects, waits for the failure, and returns the failure in words.
  private func failure(
    of address: String, _ options: ConnectOptions = ConnectOptions(), faults: ((FaultPlan) -> Void)? = nil
  ) throws -> String {
    let plan = FaultPlan()
    let dialled = DialledConnection()
    try withClients(options: Options(faults: plan)) { clients in
      faults?(plan)
      let handle = clients.connect(to: address, options: options, dialled.service(), onFailure: dialled.fail)
      handle.write("lost")
      try require("it has failed") { dialled.events.count > 0 }
      #expect(!handle.isOpen)
      #expect(clients.loops[0].connectionLoad == 0)
      #expect(plan.remaining == 0)
      try require("it is counted") { clients.loops[0].statistics.connectFailures == 1 }
    }
    #expect(dialled.events.count == 1)
    return try #require(dialled.events.values.first)
  }

  @Test(
    "an address that cannot be understood or connected to is told with the reason",
    arguments: [
      ("nonsense", "the port is missing"), ("http://127.0.0.1:80", "unsupported scheme"),
      (":80", "the host is missing"),
      ("127.0.0.1:0", "port 0 cannot be connected to"), ("127.0.0.1:80?reuseport=true", "addresses to listen on"),
      ("tcp6://127.0.0.1:80", "an IPv4 address with the scheme tcp6"),
      ("unix://", "the path of the unix socket is missing"),
    ])
  func invalid(address: String, reason: String) throws {
    let text = try failure(of: address)
    #expect(text.hasPrefix("failed invalid address \"\(address)\": "))
    #expect(text.contains(reason))
  }

  @Test(
    "a local address that is none, or of the wrong kind, is told",
    arguments: [
      ("localhost", "a numeric address"), ("[::1]:0", "no address of the same kind"),
    ])
  func invalidLocalAddress(local: String, reason: String) throws {
    var options = ConnectOptions()
    options.localAddress = local
    #expect(try failure(of: "127.0.0.1:80", options).contains(reason))
  }

  @Test("a port that refuses is told", arguments: ["127.0.0.1", "::1"])
  func refused(host: String) throws {
    let refusing = try RefusingAddress(host: host)
    let text = try failure(of: refusing.address.text)
    #expect(text == "failed connect failed for address \"\(refusing.address.text)\": Connection refused")
  }

  @Test("a path without a server is told")
  func missingPath() throws {
    let path = Files.temporaryPath()
    #expect(try failure(of: "unix://\(path)").contains("No such file or directory"))
    let stale = try Client(boundTo: path)
    #expect(try failure(of: "unix://\(path)").contains("Connection refused"))
    stale.close()
    Files.remove(path)
  }

  @Test("a peer that does not answer is given up after the time limit")
  func timedOut() throws {
    let listener = try fullListener()
    var options = ConnectOptions()
    options.timeout = .milliseconds(150)
    let start = ContinuousClock.now
    let text = try failure(of: listener.address.text, options)
    #expect(text == "failed connecting to \"\(listener.address.text)\" took too long")
    #expect(ContinuousClock.now - start >= .milliseconds(150))
  }

  @Test("a unix socket whose queue is full is tried again until it has room, or time is up")
  func fullUnixQueue() throws {
    let path = Files.temporaryPath()
    defer { Files.remove(path) }
    let listener = try SilentListener(at: try #require(RawAddress(path: path)), backlog: 0)
    let first = try Client(path: path)
    var options = ConnectOptions()
    options.timeout = .milliseconds(100)
    #expect(try failure(of: "unix://\(path)", options).contains("took too long"))
    try withClients { clients in
      let dialled = DialledConnection()
      clients.connect(to: "unix://\(path)", dialled.service(), onFailure: dialled.fail)
      try require("it is connecting") { clients.loops[0].statistics.connectAttempts == 1 }
      #expect(listener.accept())
      try require("it is open") { dialled.events.values == ["opened"] }
    }
    first.close()
  }

  @Test("a host that cannot be found is told")
  func nameNotFound() throws {
    #expect(try failure(of: "nobody.invalid:80") == "failed the host of address \"nobody.invalid:80\" was not found")
    let text = try failure(of: "localhost:80") { $0.fail(.resolve, with: .ioError) }
    #expect(text == "failed the host of address \"localhost:80\" was not found")
  }

  @Test("a resolver that hangs costs no more than the time limit")
  func hangingResolver() throws {
    var options = ConnectOptions()
    options.timeout = .milliseconds(50)
    #expect(try failure(of: "localhost:80", options) { $0.lose(.resolve) }.contains("took too long"))
  }

  @Test("no thread for the resolver is a name that was not found")
  func noThread() throws {
    let text = try failure(of: "localhost:80") { $0.fail(.createThread, with: .resourceTemporarilyUnavailable) }
    #expect(text.contains("was not found"))
  }

  @Test(
    "a call that fails is told with its name, and nothing leaks",
    arguments: [
      (SystemCall.socket, Errno.tooManyOpenFiles), (.socket, .noBufferSpace), (.setOption, .noMemory),
      (.connect, .networkUnreachable), (.connect, .addressNotAvailable), (.connect, .timedOut),
      (.register, .noMemory),
    ])
  func failingCall(call: SystemCall, error: Errno) throws {
    let server = try TestServer(.echo)
    let text = try failure(of: server.address().text) { $0.fail(call, with: error) }
    #expect(text == "failed \(call.rawValue) failed for address \"\(server.address().text)\": \(error)")
    try server.stop()
  }

  @Test("a connection that would be one to itself is refused")
  func selfConnect() throws {
    // The port is free once the socket that it was chosen for is closed.
    let port = try #require(try RefusingAddress().address.port)
    var options = ConnectOptions()
    options.localAddress = "127.0.0.1:\(port)"
    #expect(try failure(of: "127.0.0.1:\(port)", options).contains("Connection refused"))
  }

  @Test("interrupted and pending connects are waited for", arguments: [Errno.interrupted, .alreadyInProcess])
  func pending(error: Errno) throws {
    let server = try TestServer(.echo)
    let plan = FaultPlan()
    // The real call is the second one: the first one's answer is lost.
    plan.fail(.connect, with: error)
    try withClients(options: Options(faults: plan)) { clients in
      let dialled = DialledConnection()
      clients.connect(to: server.address().text, dialled.service { $0.write("x") }, onFailure: dialled.fail)
      try require("it is open") { dialled.received == "x" }
    }
    try server.stop()
  }

  @Test("a shutdown tells every connection that is not established, and later ones at once", arguments: [1, 2])
  func shutdown(loopCount: Int) throws {
    let listener = try fullListener()
    let running = try start([], options: Options(loopCount: loopCount))
    let server = running.server
    let dialled = (0..<4).map { _ in DialledConnection() }
    for connection in dialled {
      server.connect(to: listener.address.text, connection.service(), onFailure: connection.fail)
    }
    try require("they are connecting") { server.loops.reduce(0) { $0 + $1.statistics.connectAttempts } == 4 }
    server.shutdown()
    try running.wait()
    for connection in dialled { #expect(connection.events.values == ["failed the server is shutting down"]) }
    let late = DialledConnection()
    let handle = server.connect(to: listener.address.text, late.service(), onFailure: late.fail)
    #expect(late.events.values == ["failed the server is shutting down"])
    #expect(!handle.isOpen)
  }

  @Test("a lookup that ends after the shutdown is of no consequence")
  func lateLookup() throws {
    let running = try start([], options: Options())
    let dialled = DialledConnection()
    running.server.connect(to: "localhost:1", dialled.service(), onFailure: dialled.fail)
    running.server.shutdown()
    try running.wait()
    #expect(dialled.events.count == 1)
  }

  @Test("the peer's reset of a connection is told as one of all connections")
  func reset() throws {
    let listener = try SilentListener(backlog: 10)
    try withClients { clients in
      let dialled = DialledConnection()
      clients.connect(to: listener.address.text, dialled.service { $0.write("x") }, onFailure: dialled.fail)
      try require("it is open") { dialled.events.values == ["opened"] }
      // Closed with unread bytes: the kernel resets.
      try require("the connection is accepted and dropped") { listener.accept() }
      try require("it is closed") { dialled.events.count == 2 }
      withErrnoOfReset { #expect(dialled.events.values[1] != "closed 0") }
    }
  }
}
