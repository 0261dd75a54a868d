import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// State per loop that callbacks, timers, services and tasks share.
@Suite struct LoopLocalTests {
  /// A state without locks.
  private final class Tally {
    let loop: Int
    let thread = TestThread.current
    let ends: Log<Bool>
    var count = 0

    init(_ loop: EventLoop, _ ends: Log<Bool> = Log()) {
      self.loop = loop.index
      self.ends = ends
    }

    /// Counts a call, which must be on the state's own thread.
    func add(_ number: Int = 1) {
      if thread == TestThread.current { count += number }
    }

    deinit { ends.add(thread == TestThread.current) }
  }

  private struct Adding: ConnectionHandler {
    let tally: Tally

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      tally.add(input.count)
      input.removeAll()
      connection.write("\(tally.loop) \(tally.count)\n")
      return .none
    }
  }

  @Test("handlers, callbacks of datagrams and timers of a loop share its state", arguments: [1, 3])
  func shared(loopCount: Int) throws {
    let made = Log<Int>()
    let tallies = LoopLocal { loop in
      made.add(loop.index)
      return Tally(loop)
    }
    let datagrams = Events { connection, datagram in
      tallies.withState { $0.add(datagram.count) }
      connection.write("ok")
      return .none
    }
    let listeners = [
      Listener("tcp://127.0.0.1:0", Service(perLoop: tallies) { _, tally in Adding(tally: tally) }),
      Listener("tcp://127.0.0.1:0", Service(perLoop: tallies) { _, tally in Adding(tally: tally) }),
      Listener("udp://127.0.0.1:0", Service(datagrams)),
    ]
    try withListeners(listeners, options: Options(loopCount: loopCount)) { server in
      var sums = [Int](repeating: 0, count: loopCount)
      for round in 1...6 {
        let client = try Client(server.addresses[round % 2])
        try client.send("12345")
        let numbers = try client.receiveLine().split(separator: " ").compactMap { Int($0) }
        sums[numbers[0]] += 5
        #expect(numbers == [numbers[0], sums[numbers[0]]])
      }
      let client = try Client(server.addresses[2], datagrams: true)
      try client.expectAnswer("ok", to: "1234567")
      let seen = Log<Int>()
      for loop in server.loops {
        loop.schedule(after: .zero) { seen.add(tallies.withState { $0.count }) }.keep()
      }
      try require("all loops have told") { seen.count == loopCount }
      #expect(seen.values.reduce(0, +) == 37)
    }
    #expect(made.values.sorted() == Array(0..<loopCount))
  }

  @Test("a repeating timer changes what handlers see")
  func repeating() throws {
    let tallies = LoopLocal { loop in Tally(loop) }
    let service = Service(perLoop: tallies) { _, tally in Adding(tally: tally) }
    try withListeners([Listener("tcp://127.0.0.1:0", service)], options: Options(loopCount: 1)) { server in
      let timer = server.loops[0].every(.milliseconds(1)) { tallies.withState { $0.add(1000) } }
      let client = try Client(server.addresses[0])
      try require("the timer has added") {
        try client.send("x")
        return try client.receiveLine().utf8.count > "0 1000".utf8.count - 1
      }
      _ = consume timer
    }
  }

  @Test("a task collects from all loops, and from none when the server has ended", arguments: [1, 3])
  func collect(loopCount: Int) async throws {
    let tallies = LoopLocal { loop in Tally(loop) }
    let service = Service(perLoop: tallies) { _, tally in Adding(tally: tally) }
    let running = try start([Listener("tcp://127.0.0.1:0", service)], options: Options(loopCount: loopCount))
    let clients = try (0..<6).map { _ in try Client(running.server.addresses[0]) }
    for client in clients {
      try client.send("abc")
      _ = try client.receiveLine()
    }
    let counts = await tallies.collect { $0.thread == TestThread.current ? $0.count : -1 }
    #expect(counts.count == loopCount && counts.reduce(0, +) == 18)
    running.shutdown()
    try running.wait()
    #expect(await tallies.collect { $0.count } == [])
  }

  @Test("a state ends on its loop's thread, with the loop, also if the program keeps everything else")
  func endOfLoop() throws {
    let ends = Log<Bool>()
    let tallies = LoopLocal { loop in Tally(loop, ends) }
    let running = try start(
      [Listener("tcp://127.0.0.1:0", Service(perLoop: tallies) { _, tally in Adding(tally: tally) })],
      options: Options(loopCount: 3))
    let server = running.server
    #expect(ends.count == 0)
    running.shutdown()
    try running.wait()
    #expect(ends.values == [true, true, true])
    withExtendedLifetime((server, tallies)) {}
  }

  @Test("a state ends on its loop's thread when the program drops it, and the loop goes on")
  func dropped() throws {
    let ends = Log<Bool>()
    try withListeners([], options: Options(loopCount: 2)) { server in
      for round in 1...3 {
        let counted = Counter()
        do {
          let tallies = LoopLocal { loop in Tally(loop, ends) }
          for loop in server.loops {
            loop.schedule(after: .zero) {
              tallies.withState { $0.add() }
              counted.add()
            }.keep()
          }
          try require("both loops have a state") { counted.value == 2 }
          #expect(ends.count == 2 * (round - 1))
        }
        try require("both are gone") { ends.count == 2 * round }
      }
    }
    #expect(ends.values == Array(repeating: true, count: 6))
  }

  @Test("states may use each other when they are made and when they end")
  func nested() throws {
    final class Outer {
      let sums: LoopLocal<Tally>
      let seen: Log<Int>
      init(_ sums: LoopLocal<Tally>, _ seen: Log<Int>) {
        (self.sums, self.seen) = (sums, seen)
        sums.withState { $0.add() }
      }
      deinit { seen.add(sums.withState { $0.loop }) }
    }
    let seen = Log<Int>()
    let sums = LoopLocal { loop in Tally(loop) }
    try withListeners([], options: Options(loopCount: 1)) { server in
      // The first is dropped while the loop runs, the second ends with the loop.
      func make() throws -> LoopLocal<Outer> {
        let outer = LoopLocal { _ in Outer(sums, seen) }
        let count = seen.count
        server.loops[0].schedule(after: .zero) {
          outer.withState { _ in }
          seen.add(sums.withState { $0.count })
        }.keep()
        try require("it is made") { seen.count > count }
        return outer
      }
      _ = try make()
      try require("the first has ended") { seen.count == 2 }
      let second = try make()
      server.shutdown()
      try require("the second has ended") { seen.count == 4 }
      withExtendedLifetime(second) {}
    }
    #expect(seen.values == [1, 0, 2, 0])
  }

  @Test("the state of a loop is out of reach of other threads")
  func otherThreads() async {
    await #expect(processExitsWith: .failure) {
      let tallies = LoopLocal { loop in Tally(loop) }
      tallies.withState { $0.add() }
    }
  }
}
