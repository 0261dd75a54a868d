import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("a server that was started, beside its caller") struct RunningServerTests {
  @Test("it serves while its caller goes on, and ends when it is told to", arguments: [1, 3])
  func besideItsCaller(loopCount: Int) throws {
    let recorder = CallRecorder()
    let running = try start(recorder.events, options: Options(loopCount: loopCount), on: "tcp://127.0.0.1:0")
    let address = running.server.addresses[0]
    let client = try Client(address)
    try client.expectEcho("hello")
    running.shutdown()
    try running.wait()
    #expect(try client.receiveToEnd() == [])
    #expect(throws: Errno.connectionRefused) { _ = try Client(address) }
    #expect(recorder.count(of: "onOpened") == 1 && recorder.count(of: "onClosed") == 1)
    #expect(recorder.calls.values.last == "stopped")
  }

  @Test("onInitComplete is called on the caller's thread, before the caller goes on")
  func initComplete() throws {
    let (caller, threads) = (TestThread.current, Log<UInt>())
    var events = Events.echo
    events.onInitComplete = { server in
      threads.add(TestThread.current)
      #expect(server.addresses[0].port != 0)
      return .none
    }
    let running = try start(events, on: ["tcp://127.0.0.1:0"])
    #expect(threads.values == [caller])
    running.shutdown()
    try running.wait()
    #expect(threads.count == 1)
  }

  @Test(
    "a shutdown by onInitComplete lets wait return at once, with the plugins started and stopped", arguments: [1, 3])
  func endedByInitComplete(loopCount: Int) throws {
    let recorder = CallRecorder()
    var events = recorder.events
    events.onInitComplete = { _ in .shutdown }
    let running = try start(events, options: Options(loopCount: loopCount), on: "tcp://127.0.0.1:0")
    try running.wait()
    #expect(recorder.calls.values == ["started", "stopped"])
    try running.wait()
    #expect(recorder.calls.count == 2)
  }

  // MARK: Waiting

  @Test("several threads may wait, and all go on when the server has ended", arguments: [1, 3])
  func manyWaiters(loopCount: Int) throws {
    let recorder = CallRecorder()
    let shared = SharedServer(
      try start(recorder.events, options: Options(loopCount: loopCount), on: "tcp://127.0.0.1:0"))
    let sawStopped = Log<Bool>()
    for _ in 0..<8 {
      TestThread.detach {
        try? shared.running.wait()
        sawStopped.add(recorder.count(of: "stopped") == 1)
      }
    }
    #expect(sawStopped.count == 0, "nobody goes on before the end")
    shared.running.shutdown()
    try require("all have waited") { sawStopped.count == 8 }
    #expect(sawStopped.values.allSatisfy { $0 })
    try shared.running.wait()
    #expect(recorder.count(of: "stopped") == 1)
  }

  @Test("whoever waits hears of the error that ended the server, the first and once more", arguments: [1, 3])
  func errors(loopCount: Int) throws {
    let shared = SharedServer(try start(.echo, options: Options(loopCount: loopCount), on: "tcp://127.0.0.1:0"))
    let error = ServeError.invalidAddress("plugin://", reason: "no")
    let heard = Log<ServeError>()
    for _ in 0..<4 {
      TestThread.detach {
        do throws(ServeError) { try shared.running.wait() } catch { heard.add(error) }
      }
    }
    shared.running.server.shutdown(throwing: error)
    shared.running.server.shutdown(throwing: .unsupportedScheme("later"))
    try require("all have heard") { heard.count == 4 }
    #expect(heard.values == Array(repeating: error, count: 4))
    #expect(throws: error) { try shared.running.wait() }
    #expect(throws: error) { try shared.running.wait() }
  }

  @Test("waiting once more is no trap for a thread that began after the server's had ended")
  func waitingOnLaterThreads() async {
    await #expect(processExitsWith: .success) {
      let shared = SharedServer(try start(.echo, on: "tcp://127.0.0.1:0"))
      shared.running.shutdown()
      try shared.running.wait()
      // The system gives a new thread the number of an ended thread.
      for _ in 0..<20 { TestThread { try? shared.running.wait() }.join() }
    }
  }

  @Test("waiting in one of its callbacks is a trap")
  func waitingInACallback() async {
    await #expect(processExitsWith: .failure) {
      let started = Lock<SharedServer?>(nil)
      var events = Events()
      events.tick = {
        try? started.withLock { $0 }?.running.wait()
        return (.milliseconds(1), .none)
      }
      let shared = SharedServer(try start(events, on: "tcp://127.0.0.1:0"))
      started.withLock { $0 = shared }
      awaitTrap()
    }
  }

  // MARK: Dropping

  @Test("dropping it shuts it down and waits", arguments: [1, 3])
  func dropped(loopCount: Int) throws {
    let recorder = CallRecorder()
    let client: Client
    do {
      let running = try start(recorder.events, options: Options(loopCount: loopCount), on: "tcp://127.0.0.1:0")
      client = try Client(running.server.addresses[0])
      try client.expectEcho("hello")
      _ = consume running
    }
    #expect(recorder.count(of: "onClosed") == 1)
    #expect(recorder.calls.values.last == "stopped")
    #expect(try client.receiveToEnd() == [])
  }

  @Test("dropped by one of its own callbacks it ends by itself", arguments: [1, 3])
  func droppedByACallback(loopCount: Int) throws {
    let recorder = CallRecorder()
    let client = try Client(startDroppedByReact(recorder, Options(loopCount: loopCount)))
    #expect(recorder.count(of: "stopped") == 0, "somebody keeps it")
    try client.send("drop it")
    #expect(try client.receiveToEnd() == [])
    try require("it has ended") { recorder.calls.values.last == "stopped" }
    #expect(recorder.count(of: "onClosed") == 1)
  }

  // MARK: A start that fails

  #if DEBUG
    @Test("that the system has no more threads is known before anybody hears of the server", arguments: [1, 2, 3])
    func noThreads(loopCount: Int) throws {
      // With several loops there is a thread that accepts for them.
      let threadCount = loopCount == 1 ? 1 : loopCount + 1
      for missing in 0..<threadCount {
        let recorder = CallRecorder()
        let plan = FaultPlan()
        let options = Options(loopCount: loopCount, faults: plan)
        let path = Files.temporaryPath()
        plan.fail(.createThread, with: .resourceTemporarilyUnavailable, skipping: missing)
        let expected = ServeError.system(
          operation: "pthread_create", address: nil, .resourceTemporarilyUnavailable)
        #expect(throws: expected) {
          _ = try start(recorder.events, options: options, on: "tcp://127.0.0.1:0", "unix://\(path)")
        }
        #expect(plan.remaining == 0)
        #expect(recorder.calls.values == [], "without thread \(missing)")
        #expect(!Files.exists(path))
      }
    }

    @Test("no more threads are started than it takes", arguments: [1, 2, 3])
    func enoughThreads(loopCount: Int) throws {
      let plan = FaultPlan()
      let options = Options(loopCount: loopCount, faults: plan)
      plan.fail(.createThread, with: .resourceTemporarilyUnavailable, skipping: loopCount == 1 ? 1 : loopCount + 1)
      let running = try start(.echo, options: options, on: "tcp://127.0.0.1:0")
      running.shutdown()
      try running.wait()
      #expect(plan.remaining == 1)
    }
  #endif
}

/// Starts a server that only its own `react` keeps, which drops it. Returns its address.
private func startDroppedByReact(_ recorder: CallRecorder, _ options: Options = Options()) throws -> SocketAddress {
  let started = Lock<SharedServer?>(nil)
  var events = recorder.events
  events.react = { _, input in
    input.removeAll()
    started.withLock { $0 = nil }
    return .none
  }
  let shared = SharedServer(try start(events, options: options, on: "tcp://127.0.0.1:0"))
  started.withLock { $0 = shared }
  return shared.running.server.addresses[0]
}

#if os(Linux)
  @Suite("what a server that was started leaves behind") struct RunningServerLeakTests {
    @Test("after wait there is no descriptor and no thread of it, though everything else of it is kept")
    func nothing() async {
      await #expect(processExitsWith: .success) {
        let (servers, handles) = (Log<Server>(), Log<ConnectionHandle>())
        func round(_ loopCount: Int) throws {
          var events = Events.echo
          events.logHandles(handles)
          let options = Options(loopCount: loopCount)
          let running = try start(events, options: options, on: "tcp://127.0.0.1:0", "unix://\(Files.temporaryPath())")
          servers.add(running.server)
          for address in running.server.addresses {
            let client = try Client(address)
            try client.send("hello")
            try #require(try client.receiveText(5) == "hello")
          }
          running.shutdown()
          try running.wait()
          for handle in handles.values { try #require(!handle.write("x") && !handle.wake() && !handle.close()) }
        }
        try round(1)
        let before = ProcessState()
        for index in 0..<9 { try round(1 + index % 3) }
        try before.requireNothingLeft()
        try #require(servers.count == 10)
      }
    }

    @Test("servers that are dropped by their own callbacks leave no stacks of threads behind")
    func droppedByCallbacks() async {
      await #expect(processExitsWith: .success) {
        func round() throws {
          let recorder = CallRecorder()
          let client = try Client(startDroppedByReact(recorder))
          try client.send("drop it")
          _ = try client.receiveToEnd()
          try require("it has ended") { recorder.calls.values.last == "stopped" }
        }
        for _ in 0..<5 { try round() }
        let before = ProcessState.mappingCount
        for _ in 0..<50 { try round() }
        // A stack has two mappings. The C library keeps a few stacks for the next threads, and makes an arena, which has
        // two as well, for threads that allocate at the same time.
        try #require(ProcessState.mappingCount - before < 50)
      }
    }

    #if DEBUG
      @Test("a start that fails for lack of a thread or a selector leaves nothing")
      func failedStarts() async {
        await #expect(processExitsWith: .success) {
          func failingStarts() throws {
            for call in [SystemCall.createThread, .openSelector, .register] {
              for (loopCount, skipped) in [(1, 0), (2, 0), (2, 1), (2, 2), (3, 3)] {
                if call == .register && skipped > 1 { continue }
                let plan = FaultPlan()
                plan.fail(call, with: .noMemory, skipping: skipped)
                let options = Options(loopCount: loopCount, faults: plan)
                do throws(ServeError) {
                  _ = try start(.echo, options: options, on: "tcp://127.0.0.1:0", "unix://\(Files.temporaryPath())")
                } catch { continue }
                try #require(Bool(false), "it cannot start without \(call)")
              }
            }
          }
          try failingStarts()
          let before = ProcessState()
          for _ in 0..<3 { try failingStarts() }
          try before.requireNothingLeft()
        }
      }
    #endif
  }
#endif
