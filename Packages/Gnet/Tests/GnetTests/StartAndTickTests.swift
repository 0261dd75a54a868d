import Synchronization
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("the start of a server, and its tick") struct StartAndTickTests {
  @Test(
    "onInitComplete runs once on the caller's thread, when peers can connect and nothing runs",
    arguments: StreamSetup.all)
  func initComplete(setup: StreamSetup) throws {
    let calls = Log<String>()
    var events = watchfulEvents(calls)
    let caller = TestThread.current
    let clients = Lock<[SendableClient]>([])
    events.onInitComplete = { server in
      calls.add(TestThread.current == caller ? "init" : "init on another thread")
      #expect(server.loopCount == setup.loopCount && server.loops.map(\.index) == Array(0..<setup.loopCount))
      do {
        let client = try Client(server.addresses[0])
        try client.send("early")
        clients.withLock { $0.append(SendableClient(client)) }
      } catch {
        Issue.record(error)
      }
      return .shutdown
    }
    try serve(events, options: setup.options, on: setup.address)
    #expect(calls.values == ["init"])
    // The peer is not left waiting.
    for client in clients.withLock({ $0 }) { #expect((try? client.client.receive()) ?? [] == []) }
  }

  @Test("a shutdown asked for during onInitComplete ends the server before anything is called")
  func shutdownDuringInit() throws {
    let calls = Log<String>()
    var events = watchfulEvents(calls)
    events.onInitComplete = { server in
      server.shutdown()
      return .none
    }
    try serve(events, on: "tcp://127.0.0.1:0")
    #expect(calls.values == [])
  }

  @Test("Options.loopCount wins over multicore; without it there is one loop, or one per processor")
  func loopCounts() throws {
    let counts = Log<Int>()
    for (multicore, loopCount) in [(false, nil), (true, nil), (true, 5), (false, 5)] as [(Bool, Int?)] {
      var events = Events()
      events.multicore = multicore
      events.onInitComplete = { server in counts.note(server.loopCount, then: .shutdown) }
      try serve(events, options: Options(loopCount: loopCount), on: "tcp://127.0.0.1:0")
    }
    #expect(counts.values[0] == 1)
    #expect(counts.values[1] >= 1)
    #expect(counts.values[2...] == [5, 5])
  }

  @Test("what is served before a client comes waits for it: connections made before the loops run are opened")
  func earlyClients() throws {
    let clients = Lock<[SendableClient]>([])
    var events = Events.echo
    events.onInitComplete = { server in
      for _ in 0..<3 {
        guard let client = try? Client(server.addresses[0]) else { continue }
        try? client.send("early")
        clients.withLock { $0.append(SendableClient(client)) }
      }
      return .none
    }
    try withServer(events) { _ in
      let early = clients.withLock { $0 }
      #expect(early.count == 3)
      for client in early {
        let answer = try client.client.receiveText(5)
        #expect(answer == "early")
      }
    }
  }

  // MARK: Ticks

  @Test("tick comes at once, and again a delay after it returned, on loop 0 alone", arguments: [1, 3])
  func tick(loopCount: Int) throws {
    struct Turn { let begin, end: ContinuousClock.Instant; let thread: UInt }
    let turns = Log<Turn>()
    let reacts = Log<(loop: Int, thread: UInt)>()
    var events = Events()
    events.tick = {
      let begin = ContinuousClock.now
      while ContinuousClock.now - begin < .milliseconds(2) {}
      turns.add(Turn(begin: begin, end: .now, thread: TestThread.current))
      return (.milliseconds(10), .none)
    }
    events.react = { connection, input in
      reacts.add((connection.loop.index, TestThread.current))
      connection.write(moving: &input)
      return .none
    }
    try withServer(events, options: Options(loopCount: loopCount)) { server in
      try require("the first tick has come") { turns.count > 0 }
      let clients = try (0..<loopCount).map { _ in try Client(server.address()) }
      for client in clients { try client.expectEcho("x") }
      try require("ticks have come") { turns.count >= 8 }
    }
    let all = turns.values
    for (former, latter) in zip(all, all.dropFirst()) { #expect(latter.begin - former.end >= .milliseconds(10)) }
    #expect(Set(all.map(\.thread)).count == 1)
    #expect(Set(reacts.values.map(\.loop)).count == loopCount)
    for react in reacts.values { #expect((react.thread == all[0].thread) == (react.loop == 0)) }
  }

  @Test("the delay may change from tick to tick, and none means at once")
  func delays() throws {
    let ticks = Counter()
    var events = Events()
    events.tick = {
      ticks.add()
      return (ticks.value < 100 ? .zero : .seconds(3600), .close)
    }
    try withServer(events) { server in
      try require("a hundred ticks have come") { ticks.value >= 100 }
      try expectIdle(server)
      #expect(ticks.value == 100)
    }
  }

  @Test("a shutdown asked for by a tick ends the server, and no other tick comes", arguments: [1, 3])
  func tickShutdown(loopCount: Int) throws {
    let ticks = Counter()
    var events = Events()
    events.tick = {
      ticks.add()
      return (.zero, ticks.value == 3 ? .shutdown : .none)
    }
    try serve(events, options: Options(loopCount: loopCount), on: "tcp://127.0.0.1:0")
    #expect(ticks.value == 3)
  }

  @Test("a tick never runs while another callback of its loop does")
  func noOverlap() throws {
    let overlaps = Counter()
    let ticks = Counter()
    let flag = OverlapGuard(overlaps)
    var events = Events()
    events.tick = {
      flag.enter { ticks.add() }
      return (.zero, .none)
    }
    events.react = { connection, input in
      flag.enter { connection.write(moving: &input) }
      return .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      for _ in 0..<200 { try client.expectEcho("x") }
    }
    #expect(overlaps.value == 0)
    #expect(ticks.value > 0)
  }

  /// Every callback but `onInitComplete`, each of which notes that it was called.
  private func watchfulEvents(_ calls: Log<String>) -> Events {
    var events = Events()
    events.noteEnds(in: calls)
    events.react = { _, _ in calls.note("react") }
    events.preWrite = { _, _ in calls.add("preWrite") }
    events.tick = { (.zero, calls.note("tick")) }
    return events
  }
}

/// Counts how often a section is entered while it is occupied.
private final class OverlapGuard: Sendable {
  private let isOccupied = Atomic<Bool>(false)
  private let overlaps: Counter
  init(_ overlaps: Counter) { self.overlaps = overlaps }

  func enter(_ body: () -> Void) {
    if isOccupied.exchange(true, ordering: .acquiringAndReleasing) { overlaps.add() }
    body()
    isOccupied.store(false, ordering: .releasing)
  }
}
