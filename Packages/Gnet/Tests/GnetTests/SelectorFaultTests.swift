#if DEBUG
  import InMemoryLogging
  import RingBuffer
  import SystemPackage
  import TestPeers
  import TestSupport
  import Testing

  @testable import Gnet

  @Suite("a server whose system cannot wait for events any more") struct SelectorFaultTests {
    private static let waitFailed = ServeError.system(
      operation: "waiting for events", address: nil, .badFileDescriptor)
    private static let setupFailed = ServeError.system(
      operation: "setting up an event loop", address: nil, .tooManyOpenFiles)

    /// Events that note their calls, whose `react` answers and has the next wait of a loop fail.
    private static func failing(_ recorder: CallRecorder, _ plan: FaultPlan) -> Events {
      var events = recorder.events
      events.react = { connection, input in
        connection.write(moving: &input)
        plan.fail(.wait, with: .badFileDescriptor)
        return .none
      }
      return events
    }

    @Test("without a selector for each of its threads it does not start, and calls nothing", arguments: [1, 2, 3])
    func opening(loopCount: Int) throws {
      // With several loops there is a thread that accepts for them.
      let selectorCount = loopCount == 1 ? 1 : loopCount + 1
      for missing in 0..<selectorCount {
        let (recorder, plan, path) = (CallRecorder(), FaultPlan(), Files.temporaryPath())
        plan.fail(.openSelector, with: .tooManyOpenFiles, skipping: missing)
        #expect(throws: Self.setupFailed) {
          let options = Options(loopCount: loopCount, faults: plan)
          _ = try start(recorder.events, options: options, on: "tcp://127.0.0.1:0", "unix://\(path)")
        }
        #expect(plan.remaining == 0)
        #expect(recorder.calls.values == [])
        #expect(!Files.exists(path))
      }
    }

    @Test("with a socket that cannot be watched it does not start, and calls nothing", arguments: [1, 2])
    func registering(loopCount: Int) throws {
      for missing in 0..<3 {
        let (recorder, plan, path) = (CallRecorder(), FaultPlan(), Files.temporaryPath())
        plan.fail(.register, with: .tooManyOpenFiles, skipping: missing)
        #expect(throws: Self.setupFailed) {
          let options = Options(loopCount: loopCount, faults: plan)
          let addresses = ["tcp://127.0.0.1:0", "unix://\(path)", "udp://127.0.0.1:0"]
          _ = try start(recorder.events, options: options, on: addresses)
        }
        #expect(plan.remaining == 0)
        #expect(recorder.calls.values == [])
        #expect(!Files.exists(path))
      }
    }

    @Test("every connection is told of its end, and the caller why", arguments: StreamTransport.allCases)
    func waiting(transport: StreamTransport) throws {
      let (recorder, plan) = (CallRecorder(), FaultPlan())
      let running = try start(
        Self.failing(recorder, plan), options: Options(loopCount: 1, faults: plan), on: transport.address())
      let clients = try (0..<3).map { _ in try Client(running.server.addresses[0]) }
      try require("all are open") { recorder.count(of: "onOpened") == 3 }
      try clients[0].send("hello")
      #expect(try clients[0].receiveText(5) == "hello")
      #expect(throws: Self.waitFailed) { try running.wait() }
      #expect(recorder.count(of: "onClosed") == 3, "nothing of them was lost")
      #expect(recorder.calls.values.last == "stopped")
      for client in clients { #expect(try client.receiveToEnd() == []) }
      #expect(running.server.connectionCount == 0)
    }

    @Test("the connections of other loops are closed in order, and get what was written")
    func otherLoops() throws {
      let (recorder, plan) = (CallRecorder(), FaultPlan())
      let running = try start(
        Self.failing(recorder, plan), options: Options(loopCount: 3, faults: plan), on: "tcp://127.0.0.1:0")
      let clients = try (0..<6).map { _ in try Client(running.server.addresses[0]) }
      try require("all are open") { running.server.loops.allSatisfy { $0.statistics.connectionsActive == 2 } }
      try clients[0].send("hello")
      #expect(try clients[0].receiveText(5) == "hello")
      #expect(throws: Self.waitFailed) { try running.wait() }
      #expect(recorder.count(of: "onClosed") == 6)
      for client in clients { #expect(try client.receiveToEnd() == []) }
      let statistics = running.server.loops.map(\.statistics)
      #expect(statistics.allSatisfy { $0.connectionsActive == 0 && $0.connectionsClosed == 2 })
    }

    @Test("the end of the thread that accepts is the end of the server, and each connection is told once")
    func acceptor() throws {
      let (recorder, plan) = (CallRecorder(), FaultPlan())
      let running = try start(recorder.events, options: Options(loopCount: 2, faults: plan), on: "tcp://127.0.0.1:0")
      let early = try (0..<4).map { _ in try Client(running.server.addresses[0]) }
      try require("all are open") { recorder.count(of: "onOpened") == 4 }
      plan.fail(.wait, with: .badFileDescriptor)
      // Wakes the thread that accepts, and then a loop, unless one of them has found out already.
      let late = try? Client(running.server.addresses[0])
      #expect(throws: Self.waitFailed) { try running.wait() }
      let closed = recorder.calls.values.count { $0.hasPrefix("onClosed") }
      #expect(closed == recorder.count(of: "onOpened") && closed >= 4)
      for client in early { #expect(try client.receiveToEnd() == []) }
      withExtendedLifetime(late) {}
    }

    @Test("one that could not wait even once has called nobody but its plugins, and onInitComplete", arguments: [1, 2])
    func neverWaited(loopCount: Int) throws {
      let (recorder, plan) = (CallRecorder(), FaultPlan())
      plan.fail(.wait, with: .badFileDescriptor, times: .max)
      let running = try start(
        recorder.events, options: Options(loopCount: loopCount, faults: plan), on: "tcp://127.0.0.1:0")
      #expect(throws: Self.waitFailed) { try running.wait() }
      #expect(recorder.calls.values.prefix(2) == ["started", "onInitComplete"])
      #expect(recorder.calls.values.last == "stopped")
      #expect(recorder.count(of: "onOpened") == 0)
    }

    @Test("output that nobody has taken yet dies with its connection, which hears why")
    func pendingOutput() throws {
      let (recorder, plan) = (CallRecorder(), FaultPlan())
      var events = recorder.events
      events.onOpened = { connection in
        recorder.calls.add("opened")
        connection.write(pattern(16 << 20))
        return .close
      }
      let running = try start(events, options: Options(loopCount: 1, faults: plan), on: "tcp://127.0.0.1:0")
      let slow = try Client(running.server.addresses[0])
      let loop = running.server.loops[0]
      try require("its output waits") { loop.statistics.pendingOutputBytes > 0 }
      plan.fail(.wait, with: .badFileDescriptor)
      // Another connection's beginning ends the wait, unless the loop has found out already.
      let other = try? Client(running.server.addresses[0])
      #expect(throws: Self.waitFailed) { try running.wait() }
      #expect(recorder.count(of: "onClosed: \(Errno.badFileDescriptor)") == recorder.count(of: "opened"))
      #expect(loop.statistics.pendingOutputBytes == 0)
      withExtendedLifetime((slow, other)) {}
    }

    // MARK: What ends or pauses one socket only

    @Test("a connection whose reading cannot be paused ends with the errno, others do not")
    func pausing() throws {
      let (recorder, plan, hasPaused) = (CallRecorder(), FaultPlan(), Flag())
      var events = recorder.events
      events.react = { connection, input in
        if input.readText() == "pause" {
          connection.isReadingPaused = true
          hasPaused.set()
        } else {
          connection.write("fine")
        }
        return .none
      }
      try withServer(events, options: Options(loopCount: 1, faults: plan)) { server in
        let (paused, other) = (try Client(server.address()), try Client(server.address()))
        try require("both are open") { recorder.count(of: "onOpened") == 2 }
        plan.fail(.watch, with: .noMemory)
        try paused.send("pause")
        hasPaused.wait()
        // The selector is told of a pause when something arrives.
        try paused.send("more")
        try require("it is closed") { recorder.count(of: "onClosed: \(Errno.noMemory)") == 1 }
        #expect(plan.remaining == 0)
        try other.expectAnswer("fine", to: "how is it?")
      }
      #expect(recorder.count(of: "onClosed") == 1)
    }

    @Test("an answer by datagram that has to wait is sent also where the wait is refused at first")
    func datagrams() throws {
      let (log, plan) = (InMemoryLogHandler(), FaultPlan())
      var options = Options(loopCount: 1, faults: plan)
      options.logger = log.logger
      try withServer(.echo, options: options, on: ["udp://127.0.0.1:0"]) { server in
        let client = try Client(server.address(), datagrams: true)
        plan.fail(.sendDatagrams, with: .resourceTemporarilyUnavailable)
        plan.fail(.watch, with: .noMemory, times: 2)
        try client.send("hello")
        #expect(try client.receiveText() == "hello")
        #expect(plan.remaining == 0)
        #expect(log.lines.count == 1, "\(log.lines)")
      }
    }

    @Test("what a lost wake-up was for is done with the next wake-up of the loop")
    func lostWake() throws {
      let (handles, plan) = (Log<ConnectionHandle>(), FaultPlan())
      try withServer(Events().logging(handles), options: Options(loopCount: 1, faults: plan)) { server in
        let first = try Client(server.address())
        try require("it is open") { handles.count == 1 }
        let second = try Client(server.address())
        try require("both are open") { handles.count == 2 }
        plan.lose(.wake)
        #expect(handles.values[0].write("first"))
        #expect(plan.remaining == 0)
        #expect(handles.values[1].write("second"))
        #expect(try second.receiveText(6) == "second")
        #expect(try first.receiveText(5) == "first")
      }
    }
  }
#endif
