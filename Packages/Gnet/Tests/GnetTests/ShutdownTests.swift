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

/// From where a server is shut down.
enum ShutdownPlace: String, CaseIterable, CustomTestStringConvertible {
  case onInitComplete, onOpened, react, onClosed, onDetached, preWrite, tick, pluginStarted, pluginTick, otherThread

  var testDescription: String { rawValue }
}

/// Shuts the server down from a plugin's hook.
private struct ShutdownPlugin: Plugin {
  let place: ShutdownPlace
  let opened: Counter
  let server = Log<Server>()

  func started(_ server: Server) {
    self.server.add(server)
    if place == .pluginStarted { server.shutdown() }
  }

  func tick(_ loop: EventLoop) -> Duration? {
    if place == .pluginTick && loop.index == 0 && opened.value > 0 { server.values[0].shutdown() }
    return .milliseconds(5)
  }
}

@Suite struct ShutdownTests {
  @Test("a server can be shut down from anywhere, again and again", arguments: ShutdownPlace.allCases, [1, 2])
  func places(place: ShutdownPlace, loopCount: Int) throws {
    let servers = Log<Server>()
    let (opened, ended) = (Counter(), Counter())
    @Sendable func shutDown(_ here: ShutdownPlace) -> Action {
      guard here == place else { return .none }
      for _ in 0..<3 { servers.values[0].shutdown() }
      return .shutdown
    }
    var events = Events()
    let plugin = ShutdownPlugin(place: place, opened: opened)
    // The server has the plugin and the callbacks, and these have the server.
    defer { for log in [servers, plugin.server] { log.removeAll() } }
    events.install(plugin)
    events.onInitComplete = { server in
      servers.add(server)
      return shutDown(.onInitComplete)
    }
    events.onOpened = { _ in
      opened.add()
      return shutDown(.onOpened)
    }
    events.react = { connection, input in
      let isLast = input.readAll().last == UInt8(ascii: "!")
      connection.write("answer")
      _ = shutDown(.react)
      if place == .react { return .shutdown }
      return isLast ? (place == .onDetached ? .detach : .close) : .none
    }
    events.onClosed = { _, error in
      ended.add()
      return shutDown(.onClosed)
    }
    events.onDetached = { _, _ in
      ended.add()
      return shutDown(.onDetached)
    }
    events.preWrite = { _, _ in _ = shutDown(.preWrite) }
    events.tick = { (.milliseconds(5), opened.value > 0 ? shutDown(.tick) : .none) }
    let server = try TestServer(events, options: Options(loopCount: loopCount))
    if place != .onInitComplete && place != .pluginStarted {
      let client = try? Client(server.address())
      try? client?.send("request!")
      if place == .otherThread {
        try require("it is served") { opened.value == 1 }
        server.server.shutdown()
      }
      try server.waitForEnd()
      withExtendedLifetime(client) {}
    }
    try server.waitForEnd()
    server.server.shutdown()
    #expect(opened.value == ended.value)
    #expect(server.server.connectionCount == 0)
  }

  @Test("one that is shut down before its loops run calls nothing but the plugins")
  func beforeLoops() throws {
    let calls = Counter()
    var events = Events()
    events.tick = { (.seconds(1), calls.note()) }
    events.onInitComplete = { server in
      server.shutdown()
      return .none
    }
    let server = try TestServer(events)
    try server.waitForEnd()
    #expect(calls.value == 0)
  }

  @Test("jobs for the loops of a server that never ran do run")
  func jobsOfLoopsThatNeverRan() async throws {
    let servers = Log<Server>()
    var events = Events()
    events.onInitComplete = { server in servers.note(server, then: .shutdown) }
    let server = try TestServer(events)
    try server.waitForEnd()
    for loop in servers.values[0].loops { await Task(executorPreference: loop) {}.value }
  }

  @Test("pending output is sent during a shutdown", arguments: StreamTransport.allCases, [1, 2])
  func drain(transport: StreamTransport, loopCount: Int) throws {
    let bytes = pattern(6 << 20)
    let (opened, closed) = (Counter(), Log<Int32>())
    var events = Events()
    events.onOpened = { connection in
      opened.add()
      connection.write(bytes)
      return .none
    }
    events.logEnds(closed)
    var options = Options(loopCount: loopCount)
    options.drainTimeout = .seconds(30)
    let server = try TestServer(events, options: options, on: [transport.address()])
    let clients = try (0..<3).map { _ in try Client(server.address()) }
    try require("all are open") { opened.value == 3 }
    server.server.shutdown()
    for client in clients { #expect(try client.receiveToEnd() == bytes) }
    try server.waitForEnd()
    #expect(closed.values == [0, 0, 0])
  }

  @Test("what a handle has accepted before a shutdown is sent", arguments: StreamTransport.allCases)
  func drainHandles(transport: StreamTransport) throws {
    let handles = Log<ConnectionHandle>()
    var events = Events()
    events.logHandles(handles)
    let server = try TestServer(events, on: [transport.address()])
    let client = try Client(server.address())
    try require("it is open") { handles.count == 1 }
    #expect(handles.values[0].write(pattern(500_000)))
    server.server.shutdown()
    #expect(try client.receiveToEnd() == pattern(500_000))
    try server.waitForEnd()
  }

  @Test("output that nobody takes is given up after the drain time-out", arguments: StreamTransport.allCases, [1, 2])
  func drainTimeout(transport: StreamTransport, loopCount: Int) throws {
    let (opened, closed) = (Counter(), Log<Int32>())
    var events = Events()
    events.onOpened = { connection in
      opened.add()
      connection.write(pattern(8 << 20))
      return .none
    }
    events.logEnds(closed)
    var options = Options(loopCount: loopCount)
    options.drainTimeout = .milliseconds(300)
    let server = try TestServer(events, options: options, on: [transport.address()])
    let client = try Client(server.address())
    try require("it is open") { opened.value == 1 }
    let start = ContinuousClock.now
    try server.stop()
    #expect(ContinuousClock.now - start >= .milliseconds(300))
    #expect(closed.values == [Errno.timedOut.rawValue])
    withExtendedLifetime(client) {}
  }

  @Test("a server without pending output does not wait for anything", arguments: [1, 3])
  func promptEnd(loopCount: Int) throws {
    var options = Options(loopCount: loopCount)
    options.drainTimeout = .seconds(60)
    let server = try TestServer(.echo, options: options)
    let client = try Client(server.address())
    try client.expectEcho("hello")
    try server.stop(within: .seconds(5))
    #expect(try client.receiveToEnd() == [])
  }

  @Test("an address can be served again at once, in the same process", arguments: StreamTransport.allCases)
  func again(transport: StreamTransport) throws {
    var address = transport.address()
    for round in 0..<5 {
      try withServer(.echo, on: [address]) { server in
        let client = try Client(server.address())
        try client.expectEcho("round \(round)")
        if transport != .unix { address = "\(transport)://\(server.address())" }
      }
    }
  }

  @Test("connections that arrive during a shutdown are closed, and none is lost track of", arguments: [1, 2, 4])
  func arrivals(loopCount: Int) throws {
    for _ in 0..<15 {
      let (opened, ended) = (Counter(), Counter())
      var events = Events.echo
      events.onOpened = { _ in opened.note() }
      events.onClosed = { _, _ in ended.note() }
      let server = try TestServer(events, options: Options(loopCount: loopCount))
      let address = server.address()
      let done = Counter()
      TestThread.detach {
        // Until the listening socket is gone.
        while let client = try? Client(address) {
          try? client.send("x")
          client.close()
        }
        done.add()
      }
      try require("some have come") { opened.value > 5 }
      try server.stop()
      try require("the client has stopped") { done.value == 1 }
      #expect(opened.value == ended.value)
      #expect(server.server.connectionCount == 0)
      let statistics = server.server.loops.map(\.statistics)
      #expect(statistics.allSatisfy { $0.connectionsActive == 0 && $0.connectionsOpened == $0.connectionsClosed })
    }
  }
}

#if os(Linux)
  @Suite struct LeakTests {
    @Test("when serve has returned, its descriptors and threads are gone, though its server and handles are kept")
    func descriptorsAndThreads() async {
      await #expect(processExitsWith: .success) {
        let (servers, handles, clients) = (Log<Server>(), Log<ConnectionHandle>(), ClientBox())
        func round(_ loopCount: Int) throws {
          var events = Events.echo
          events.multicore = true
          events.onInitComplete = { server in servers.note(server) }
          events.logHandles(handles)
          var options = Options(loopCount: loopCount)
          options.idleTimeout = .seconds(10)
          let addresses = [
            StreamTransport.tcp4.address(), StreamTransport.unix.address(), "udp://127.0.0.1:0",
            "tcp://127.0.0.1:0?reuseport=true", "udp://127.0.0.1:0?reuseport=true",
          ]
          try withServer(events, options: options, on: addresses) { server in
            for index in [0, 1, 3, 0, 1, 3] {
              let client = try Client(server.address(index))
              try client.send("hello")
              _ = try client.receiveText(5)
              clients.keep(client)
            }
            let datagrams = try Client(server.address(2), datagrams: true)
            try datagrams.send("hello")
            _ = try datagrams.receive()
          }
          for handle in handles.values { try #require(!handle.write("x") && !handle.wake() && !handle.close()) }
          clients.closeAll()
        }
        try round(1)
        let before = ProcessState()
        for index in 0..<12 { try round(1 + index % 4) }
        try #require(servers.count == 13)
        try before.requireNothingLeft()
      }
    }

    @Test("a server that cannot start leaves no descriptor and no thread")
    func failedStarts() async {
      await #expect(processExitsWith: .success) {
        let taken = try TestServer(.echo)
        let before = ProcessState()
        for loopCount in 1...4 {
          let options = Options(loopCount: loopCount)
          let addresses = ["unix://\(Files.temporaryPath())", "udp://127.0.0.1:0", "tcp://\(taken.address())"]
          do {
            try serve(.echo, options: options, on: addresses)
            try #require(Bool(false), "it cannot start")
          } catch is ServeError {}
          try requireFailedStarts(options)
        }
        try before.requireNothingLeft()
        try taken.stop()
      }
    }
  }

  #if DEBUG
    /// Starts servers that cannot start, since the system refuses a call.
    private func requireFailedStarts(_ options: Options) throws {
      for call in [SystemCall.createThread, .socket, .listen] {
        let plan = FaultPlan()
        plan.fail(call, with: .resourceTemporarilyUnavailable, skipping: options.loopCount == 1 ? 0 : 1)
        var options = options
        options.faults = plan
        do {
          try serve(.echo, options: options, on: ["tcp://127.0.0.1:0", "unix://\(Files.temporaryPath())"])
          try #require(Bool(false), "it cannot start")
        } catch is ServeError {}
      }
    }
  #else
    /// Calls are made to fail in debug builds only.
    private func requireFailedStarts(_ options: Options) {}
  #endif

  /// Keeps clients open.
  private final class ClientBox {
    private var clients: [Client] = []
    func keep(_ client: Client) { clients.append(client) }
    func closeAll() { clients = [] }
  }
#endif
