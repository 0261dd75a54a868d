import InMemoryLogging
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

#if DEBUG
  /// Echo, and why connections ended.
  private func echo(closed: Log<String>) -> Events {
    var events = Events.echo
    events.onClosed = { _, error in
      closed.note((error as? Errno).map { "errno \($0.rawValue)" } ?? "\(String(describing: error))")
    }
    return events
  }

  @Suite struct FailureTests {
    @Test(
      "a shortage pauses accepting and is over when it is over",
      arguments: [Errno.tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory], [1, 2])
    func shortage(errno: Errno, loopCount: Int) throws {
      let log = InMemoryLogHandler()
      let plan = FaultPlan()
      var options = Options(loopCount: loopCount, faults: plan)
      options.logger = log.logger
      try withServer(.echo, options: options) { server in
        let early = try Client(server.address())
        try early.expectEcho("one")
        plan.fail(.accept, with: errno, times: 5)
        let late = try Client(server.address())
        try late.send("three")
        try early.send("two")
        #expect(try early.receiveText(3) == "two", "connections that are open do not notice")
        #expect(try late.receiveText(5) == "three")
        #expect(plan.remaining == 0)
        let errors = server.server.loops.reduce(0) { $0 + $1.statistics.acceptErrors }
        #expect(errors == 5)
        #expect(log.lines.count == 1, "\(log.lines)")
      }
    }

    @Test(
      "an error of one connection that was to be accepted is not the server's",
      arguments: [Errno.connectionAbort, .protocolError, .interrupted, .connectionReset, .networkDown], [1, 2])
    func acceptErrors(errno: Errno, loopCount: Int) throws {
      let plan = FaultPlan()
      let log = InMemoryLogHandler()
      var options = Options(loopCount: loopCount, faults: plan)
      options.logger = log.logger
      plan.fail(.accept, with: errno, times: 200)
      try withServer(.echo, options: options) { server in
        for index in 0..<10 {
          try Client(server.address()).expectEcho("hello \(index)")
        }
        #expect(plan.remaining == 0)
        #expect(log.lines == [])
      }
    }

    @Test("a peer's reset ends its connection with the errno, and no other", arguments: [1, 2])
    func reset(loopCount: Int) throws {
      let closed = Log<String>()
      try withServer(echo(closed: closed), options: Options(loopCount: loopCount)) { server in
        let others = try (0..<4).map { _ in try Client(server.address()) }
        let client = try Client(server.address())
        try client.expectEcho("x")
        client.reset()
        try require("it is closed") { closed.count == 1 }
        withErrnoOfReset { #expect(closed.values == ["errno \(Errno.connectionReset.rawValue)"]) }
        for other in others { try other.expectEcho("still here") }
        #expect(closed.count == 1)
      }
    }

    @Test(
      "an error of a read or a write ends one connection with it", arguments: [SystemCall.receive, .send],
      [Errno.connectionReset, .timedOut, .noBufferSpace, .ioError])
    func transferErrors(call: SystemCall, errno: Errno) throws {
      let closed = Log<String>()
      let plan = FaultPlan()
      try withServer(echo(closed: closed), options: Options(faults: plan)) { server in
        let other = try Client(server.address())
        try other.expectEcho("first")
        let client = try Client(server.address())
        plan.fail(call, with: errno)
        try client.send("fails")
        try require("it is closed") { closed.count == 1 }
        #expect(closed.values == ["errno \(errno.rawValue)"])
        try other.expectEcho("second")
        #expect(closed.count == 1)
      }
    }

    @Test("interrupted calls are made again", arguments: StreamTransport.allCases)
    func interruptions(transport: StreamTransport) throws {
      let closed = Log<String>()
      let plan = FaultPlan()
      for call in [SystemCall.accept, .receive, .send] { plan.fail(call, with: .interrupted, times: 20) }
      try withServer(echo(closed: closed), options: Options(faults: plan), on: [transport.address()]) { server in
        let client = try Client(server.address())
        for index in 0..<10 { try client.expectEcho("message \(index)") }
        #expect(plan.remaining == 0)
        #expect(closed.count == 0)
      }
    }

    @Test("a connection that cannot be registered is ended, the next one is not", arguments: [1, 2])
    func registration(loopCount: Int) throws {
      let plan = FaultPlan()
      let log = InMemoryLogHandler()
      let opened = Counter()
      var events = Events.echo
      events.onOpened = { _ in opened.note() }
      var options = Options(loopCount: loopCount, faults: plan)
      options.logger = log.logger
      plan.fail(.register, with: .noSpace, skipping: 1)  // the listener is registered first
      try withServer(events, options: options) { server in
        let refused = try Client(server.address())
        #expect(((try? refused.receive()) ?? []).isEmpty)
        let client = try Client(server.address())
        try client.expectEcho("hello")
        #expect(opened.value == 1)
        try require("the other one does not count") { server.server.connectionCount == 1 }
        #expect(log.lines.count == 1)
      }
    }

    @Test("a connection whose registration cannot be changed is ended with the errno, others are not")
    func watching() throws {
      let plan = FaultPlan()
      let closed = Log<String>()
      var options = Options(faults: plan)
      options.socketSendBuffer = 4096
      try withServer(echo(closed: closed), options: options) { server in
        let other = try Client(server.address())
        let client = try Client(server.address())
        try require("both are open") { server.server.connectionCount == 2 }
        plan.fail(.watch, with: .noMemory)
        // The client does not read: at some point output has to wait.
        let bytes = pattern(64 << 10)
        while closed.count == 0 { do { try client.send(bytes) } catch { break } }
        try require("it is closed") { closed.count == 1 }
        #expect(closed.values == ["errno \(Errno.noMemory.rawValue)"])
        try other.expectEcho("hello")
      }
    }

    @Test("a listening socket that cannot be watched again after a pause is tried again")
    func watchingSource() throws {
      let plan = FaultPlan()
      let log = InMemoryLogHandler()
      var options = Options(faults: plan)
      options.logger = log.logger
      plan.fail(.accept, with: .tooManyOpenFiles)
      // The first takes its interest away, the second is to give it back.
      plan.fail(.watch, with: .noMemory, times: 2, skipping: 1)
      try withServer(.echo, options: options) { server in
        let client = try Client(server.address())
        try client.expectEcho("hello")
        #expect(plan.remaining == 0)
        #expect(log.lines.count == 1, "\(log.lines)")
      }
    }

    @Test("bytes that move one at a time still come back right", arguments: StreamTransport.allCases)
    func shortTransfers(transport: StreamTransport) throws {
      let plan = FaultPlan()
      plan.shorten(.receive, to: 1, times: .max / 2)
      plan.shorten(.send, to: 1, times: .max / 2)
      try withServer(.echo, options: Options(faults: plan), on: [transport.address()]) { server in
        let clients = try (0..<3).map { _ in try Client(server.address()) }
        let bytes = pattern(3000)
        for client in clients { try client.send(bytes) }
        for client in clients { client.endOutput() }
        for client in clients { #expect(try client.receiveToEnd() == bytes) }
      }
    }

    @Test("output of one call that leaves in pieces comes in order", arguments: [1, 7, 1000])
    func shortWrites(limit: Int) throws {
      let plan = FaultPlan()
      plan.shorten(.send, to: limit, times: .max / 2)
      var events = Events()
      let bytes = pattern(5000)
      events.onOpened = { connection in
        for start in stride(from: 0, to: bytes.count, by: 500) { connection.write(bytes[start..<start + 500]) }
        return .close
      }
      try withServer(events, options: Options(faults: plan)) { server in
        let client = try Client(server.address())
        #expect(try client.receiveToEnd() == bytes)
      }
    }
  }
#endif

#if os(Linux)
  @Suite struct ProcessFailureTests {
    @Test("descriptors 0, 1 and 2 are never the server's, where they were closed")
    func lowDescriptors() async {
      await #expect(processExitsWith: .success) {
        // Before the standard descriptors are closed, so that the client's own are others.
        let silent = try SilentListener(backlog: 8)
        for fd in Int32(0)..<3 { close(fd) }
        let addresses = ["tcp://127.0.0.1:0", "unix://\(Files.temporaryPath())", "udp://127.0.0.1:0"]
        try withServer(.echo, options: Options(loopCount: 2), on: addresses) { server in
          // Others in this process may take them: timers of the concurrency runtime.
          func areFree() -> Bool { !(Int32(0)..<3).contains { ProcessState.isSocket($0) } }
          try #require(areFree(), "after the start")
          // Takes the standard descriptors itself until there are more.
          let clients = try (0..<2).map { _ in try Client(unconnectedTo: server.address()) }
          for (client, number) in zip(clients, [Int32(100), 101]) { try client.move(to: number) }
          for client in clients {
            try client.connect(to: server.address())
            try client.send("hello")
            try #require(try client.receiveText(5) == "hello")
          }
          try #require(areFree(), "with connections")
          server.server.connect(to: silent.address.text, Service(Events()))
          try require("the connection is established") { server.server.connectionCount == 3 }
          try #require(areFree(), "with an outbound connection")
        }
      }
    }

    @Test("writing to a peer that has gone does not raise SIGPIPE", arguments: StreamTransport.allCases)
    func brokenPipe(transport: StreamTransport) async {
      // The argument travels by what the process sees: one exit test each.
      switch transport {
      case .tcp4: await #expect(processExitsWith: .success) { try writeToGonePeers(.tcp4) }
      case .tcp6: await #expect(processExitsWith: .success) { try writeToGonePeers(.tcp6) }
      case .unix: await #expect(processExitsWith: .success) { try writeToGonePeers(.unix) }
      }
    }

    @Test("with 64 descriptors for 200 clients the server lives, and all are served in the end")
    func descriptorLimit() async {
      await #expect(processExitsWith: .success) {
        let log = InMemoryLogHandler()
        var options = Options()
        options.logger = log.logger
        try withServer(.echo, options: options) { server in
          // Clients above the limit, so that it is the server that meets it.
          let clients = try (0..<200).map { index in
            let client = try Client(unconnectedTo: server.address())
            try client.move(to: 64 + Int32(index))
            return client
          }
          ProcessState.descriptorLimit = 64
          for client in clients {
            try client.connect(to: server.address())
            try client.send("hello")
          }
          let loop = server.server.loops[0]
          try require("all descriptors are taken") { loop.statistics.acceptErrors > 0 }
          let served = server.server.connectionCount
          try #require(served > 30 && served < 64)
          try #require(try clients[0].receiveText(5) == "hello", "those that got in are served")
          let before = loop.statistics
          try require("accepting is tried again") { loop.statistics.acceptErrors >= before.acceptErrors + 5 }
          let after = loop.statistics
          let attempts = after.acceptErrors - before.acceptErrors
          try #require(after.polls - before.polls <= 2 * attempts + 2, "\(attempts) attempts")
          for (index, client) in clients.enumerated() {
            if index > 0 { try #require(try client.receiveText(5) == "hello") }
            client.endOutput()
            try #require(try client.receiveToEnd() == [])
            client.close()
          }
          try #require(log.lines.count <= 4, "\(log.lines)")
        }
      }
    }
  }

  private func writeToGonePeers(_ transport: StreamTransport) throws {
    signal(SIGPIPE, SIG_DFL)
    let closed = Counter()
    var events = Events { connection, input in
      input.removeAll()
      connection.write(pattern(200_000))
      connection.wake()
      return .none
    }
    events.onClosed = { _, _ in closed.note() }
    try withServer(events, on: [transport.address()]) { server in
      for count in 1...20 {
        let client = try Client(server.address())
        try client.send("go")
        _ = try client.receive(exactly: 1000)
        client.close()
        try require("it is closed") { closed.value == count }
      }
    }
  }
#endif
