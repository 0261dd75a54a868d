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

/// `EventLoop.schedule` and `every`.
@Suite struct LoopTimerTests {
  private func withLoop(_ body: (EventLoop) throws -> Void) throws {
    try withListeners([], options: Options(loopCount: 1)) { try body($0.loops[0]) }
  }

  @Test("timers fire on the loop's thread, each once, and never early")
  func order() throws {
    try withLoop { loop in
      let fired = Log<(Int, Duration, Bool)>()
      let start = ContinuousClock.now
      for milliseconds in [80, 5, 0, 40, 20, 60, 1, 10] {
        loop.schedule(after: .milliseconds(milliseconds)) {
          fired.add((milliseconds, ContinuousClock.now - start, loop.isCurrent))
        }.keep()
      }
      try require("all have fired") { fired.count == 8 }
      #expect(fired.values.map { $0.0 }.sorted() == [0, 1, 5, 10, 20, 40, 60, 80])
      for (milliseconds, time, isOnLoop) in fired.values {
        #expect(time >= .milliseconds(milliseconds) && isOnLoop)
      }
    }
  }

  @Test("a timer that is dropped does not fire, whoever drops it")
  func dropped() throws {
    try withLoop { loop in
      let (fired, wrong) = (Counter(), Counter())
      do {
        let first = loop.schedule(after: .milliseconds(50)) { wrong.add() }
        _ = loop.schedule(after: .milliseconds(50)) { wrong.add() }
        _ = consume first
      }
      // By another thread, and by the loop itself.
      for onLoop in [false, true] {
        let box = TimerBox()
        box.put(loop.schedule(after: .milliseconds(50)) { wrong.add() })
        if onLoop {
          loop.schedule(after: .zero) { box.drop() }.keep()
        } else {
          TestThread.detach { box.drop() }
        }
        try require("it is dropped") { box.isEmpty }
      }
      loop.schedule(after: .milliseconds(100)) { fired.add() }.keep()
      try require("a later one has fired") { fired.value == 1 }
      #expect(wrong.value == 0)
    }
  }

  /// Keeps a timer for a thread that drops it.
  private final class TimerBox: Sendable {
    private let timer = Lock<LoopTimer?>(nil)
    private let drops = Counter()
    var isEmpty: Bool { drops.value > 0 }

    func put(_ timer: consuming LoopTimer) {
      var timer: LoopTimer? = timer
      self.timer.withLock { $0 = timer.take() }
    }

    func drop() {
      _ = timer.withLock { $0.take() }
      drops.add()
    }
  }

  @Test("a repeated timer does not drift, and leaves out calls that were missed")
  func repeated() throws {
    try withLoop { loop in
      let times = Log<Duration>()
      let start = ContinuousClock.now
      let interval = Duration.milliseconds(20)
      let timer = loop.every(interval) {
        times.add(ContinuousClock.now - start)
        // Longer than two intervals, once.
        if times.count == 5 { _ = poll(nil, 0, 110) }
      }
      try require("it has been called often") { times.count >= 15 }
      _ = consume timer
      let values = times.values
      var places: [Int] = []
      for time in values { places.append(Int(time / interval)) }
      // Each call belongs to an interval of its own, and none comes before its time.
      for (earlier, later) in zip(places, places.dropFirst()) { #expect(later > earlier) }
      #expect(places[0] >= 1 && values[0] >= interval)
      if values.count > 5 { #expect(places[5] >= places[4] + 5) }
      let count = times.count
      let ended = Counter()
      loop.schedule(after: .milliseconds(60)) { ended.add() }.keep()
      try require("a later one has fired") { ended.value == 1 }
      // One call may have been under way.
      #expect(times.count <= count + 1)
    }
  }

  @Test("a repeated timer may be dropped by its own call")
  func droppedByItself() throws {
    try withLoop { loop in
      let (calls, box, ended) = (Counter(), TimerBox(), Counter())
      box.put(
        loop.every(.milliseconds(5)) {
          if calls.add() == 2 { box.drop() }
        })
      try require("it is dropped") { box.isEmpty }
      loop.schedule(after: .milliseconds(50)) { ended.add() }.keep()
      try require("a later one has fired") { ended.value == 1 }
      #expect(calls.value == 3)
    }
  }

  @Test("a timer may set the next one, from its own call, and a loop's timers wake no other loop")
  func chain() throws {
    try withLoop { loop in
      let count = Counter()
      @Sendable func next() {
        if count.add() < 99 { loop.schedule(after: .zero) { next() }.keep() }
      }
      next()
      try require("all have fired") { count.value == 100 }
    }
  }

  @Test("thousands of timers of several threads fire once each, unless they were dropped")
  func thousands() throws {
    try withLoop { loop in
      let (threadCount, timerCount) = (4, 2000)
      let (fired, wrong, finished) = (Counter(), Counter(), Counter())
      for thread in 0..<threadCount {
        TestThread.detach {
          var generator = SeededGenerator(seed: UInt64(thread))
          for number in 0..<timerCount {
            let delay = Duration.microseconds(Int.random(in: 0...100_000, using: &generator))
            if number % 2 == 0 {
              loop.schedule(after: delay) { fired.add() }.keep()
            } else {
              _ = loop.schedule(after: .milliseconds(200) + delay) { wrong.add() }
            }
          }
          finished.add()
        }
      }
      try require("all are set") { finished.value == threadCount }
      try require("all have fired") { fired.value == threadCount * timerCount / 2 }
      let ended = Counter()
      loop.schedule(after: .milliseconds(350)) { ended.add() }.keep()
      try require("a later one has fired") { ended.value == 1 }
      #expect(wrong.value == 0 && fired.value == threadCount * timerCount / 2)
    }
  }

  @Test("what a timer holds is released when it has fired, was dropped, or the loop has ended")
  func released() throws {
    let released = Counter()
    let loops = Log<EventLoop>()
    func hold(_ body: @escaping @Sendable () -> Void = {}) -> @Sendable () -> Void {
      let witness = Witness(released)
      return { withExtendedLifetime(witness) { body() } }
    }
    try withLoop { loop in
      loops.add(loop)
      loop.schedule(after: .zero, hold()).keep()
      try require("the fired one is released") { released.value == 1 }
      _ = loop.schedule(after: .seconds(3600), hold())
      try require("the dropped one is released") { released.value == 2 }
      // Also where somebody keeps it.
      let kept = loop.schedule(after: .zero, hold())
      try require("the fired one is released") { released.value == 3 }
      _ = consume kept
      let every = loop.every(.milliseconds(1), hold())
      _ = consume every
      try require("the repeated one is released") { released.value == 4 }
      loop.schedule(after: .seconds(3600), hold()).keep()
      loop.every(.seconds(3600), hold()).keep()
    }
    #expect(released.value == 6)
    // After the end nothing fires and nothing is kept.
    let called = Counter()
    loops.values[0].schedule(after: .zero, hold { called.add() }).keep()
    _ = loops.values[0].every(.milliseconds(1), hold { called.add() })
    #expect(released.value == 8 && called.value == 0)
  }

  @Test("delays without end never fire, and delays in the past fire at once")
  func extremes() throws {
    try withLoop { loop in
      let (fired, wrong) = (Counter(), Counter())
      loop.schedule(after: .seconds(Int64.max)) { wrong.add() }.keep()
      loop.every(.seconds(Int64.max)) { wrong.add() }.keep()
      loop.schedule(after: .seconds(-5)) { fired.add() }.keep()
      loop.schedule(after: .seconds(Int64.min)) { fired.add() }.keep()
      try require("those of the past have fired") { fired.value == 2 }
      #expect(wrong.value == 0)
    }
  }

  @Test("the shortest interval leaves the loop time for everything else")
  func shortest() throws {
    try withListeners([Listener("tcp://127.0.0.1:0", Service(.echo))], options: Options(loopCount: 1)) { server in
      let calls = Counter()
      let timer = server.loops[0].every(.nanoseconds(1)) { calls.add() }
      let client = try Client(server.addresses[0])
      for _ in 0..<200 { try client.expectEcho("x") }
      try require("it is called") { calls.value > 10 }
      _ = consume timer
    }
  }

  @Test("an idle loop with a far timer does not turn")
  func idle() throws {
    try withLoop { loop in
      loop.schedule(after: .seconds(3600)) {}.keep()
      try require("the loop rests") {
        let before = loop.statistics.polls
        _ = poll(nil, 0, 50)
        return loop.statistics.polls <= before + 1
      }
    }
  }

  @Test("a loop tells the present moment")
  func now() throws {
    try withLoop { loop in
      let before = ContinuousClock.now
      let now = loop.now
      #expect(before <= now && now <= .now)
    }
  }

  @Test("timers go on during the drain of a shutdown")
  func draining() throws {
    let (opened, asked) = (Log<ConnectionHandle>(), Counter())
    var events = Events()
    events.onOpened = { connection in opened.note(connection.handle) }
    events.onShutdown = { connection in
      let handle = connection.handle
      connection.loop.schedule(after: .milliseconds(50)) {
        handle.write("bye")
        handle.close()
      }.keep()
      asked.add()
      return .none
    }
    let server = try TestServer(events)
    let client = try Client(server.address())
    try require("it is open") { opened.count == 1 }
    server.server.shutdown()
    #expect(try client.receiveToEnd() == Array("bye".utf8))
    try server.waitForEnd()
    #expect(asked.value == 1)
  }
}
