import Poller
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("Timeouts")
struct TimeoutTests {
  @Test(
    "the time is up, and not before",
    arguments: [.nanoseconds(1), .microseconds(1), .microseconds(1_500), .milliseconds(1), .milliseconds(20)]
      as [Duration])
  func notEarly(_ timeout: Duration) throws {
    let poller = try Poller()
    for _ in 0..<5 {
      var count = -1
      let elapsed = try ContinuousClock().measure { count = try poller.wait(timeout: timeout) { _ in } }
      #expect(count == 0)
      #expect(elapsed >= timeout)
      #expect(elapsed < .seconds(20))
    }
  }

  @Test(
    "a wait until a moment ends then, and not before",
    arguments: [.nanoseconds(1), .microseconds(1_500), .milliseconds(20)] as [Duration])
  func moment(_ distance: Duration) throws {
    let poller = try Poller()
    let now = Poller.Instant.now
    let deadline = now + distance
    #expect(try poller.wait(until: deadline, now: now) { _ in } == 0)
    #expect(Poller.Instant.now >= deadline)
    #expect(Poller.Instant.now < deadline + .seconds(20))
  }

  @Test("a moment that has passed only looks, and one that never comes leaves the wait to what happens")
  func passedMoment() throws {
    let poller = try Poller()
    let now = Poller.Instant.now
    for deadline in [now.nanoseconds, now.nanoseconds - 1, 0].map(Poller.Instant.init(nanoseconds:)) {
      #expect(try poller.wait(until: deadline, now: now) { _ in } == 0)
    }
    let waker = poller.waker
    for deadline in [now + .seconds(3_600), .never] {
      let thread = TestThread { waker.wake() }
      var events: [Poller.Event] = []
      #expect(try poller.wait(until: deadline, now: now) { events.append($0) } == 1)
      #expect(events.map(\.isWake) == [true])
      thread.join()
    }
  }

  @Test("moments given as plain numbers are the same")
  @available(*, deprecated)
  func plainNumbers() throws {
    let poller = try Poller()
    let now = Poller.Instant.now.nanoseconds
    let deadline = now + 1_000_000
    #expect(try poller.wait(until: deadline, now: now) { _ in } == 0)
    #expect(Poller.Instant.now.nanoseconds >= deadline)
    poller.waker.wake()
    #expect(try poller.wait(until: .max, now: now) { _ in } == 1)
  }

  /// Waits for a moment several times; a wake-up ends each wait.
  private func waitWithWakes(_ poller: Poller, until deadline: Poller.Instant) throws {
    for _ in 0..<4 {
      let now = Poller.Instant.now
      poller.waker.wake()
      #expect(try poller.wait(until: deadline, now: now) { _ in } == 1)
    }
  }

  @Test("many waits for one moment end at it, and one moment after another")
  func commonMoment() throws {
    let poller = try Poller()
    for _ in 0..<20 {
      let deadline = Poller.Instant.now + .milliseconds(5)
      try waitWithWakes(poller, until: deadline)
      let now = Poller.Instant.now
      #expect(try poller.wait(until: deadline, now: now) { _ in } == 0)
      #expect(Poller.Instant.now >= deadline)
      // A caller that read the clock before the deadline does not wait for it any more.
      #expect(try poller.wait(until: deadline, now: now) { _ in } == 0)
      #expect(Poller.Instant.now < deadline + .seconds(20))
    }
  }

  @Test("a moment that many waits were for does not end one for a later moment, nor one for a time")
  func earlierMoment() throws {
    let poller = try Poller()
    for isMoment in [true, false, true, false] {
      let now = Poller.Instant.now
      try waitWithWakes(poller, until: now + .milliseconds(2))
      let start = Poller.Instant.now
      if isMoment {
        #expect(try poller.wait(until: start + .milliseconds(10), now: start) { _ in } == 0)
      } else {
        #expect(try poller.wait(timeout: .milliseconds(10)) { _ in } == 0)
      }
      #expect(Poller.Instant.now >= start + .milliseconds(10))
    }
  }

  @Test("less than a millisecond is less than a millisecond")
  func submillisecond() throws {
    let poller = try Poller()
    var best = Duration.seconds(1)
    for _ in 0..<1_000 where best >= .microseconds(900) {
      best = min(
        best, try ContinuousClock().measure { try poller.wait(timeout: .microseconds(200)) { _ in } })
    }
    #expect(best >= .microseconds(200))
    #expect(best < .microseconds(900))
  }

  @Test(
    "zero and less only look",
    arguments: [.zero, .nanoseconds(-1), .seconds(-5), .seconds(Int64.min)] as [Duration])
  func immediate(_ timeout: Duration) throws {
    let poller = try Poller()
    #expect(try poller.collect(timeout).isEmpty)
    poller.waker.wake()
    #expect(try poller.collect(timeout).count == 1)
  }

  @Test(
    "more than the kernel can count is a long time, not an error",
    arguments: [.seconds(Int64.max), .seconds(10_000_000_000), .seconds(3_000_000)] as [Duration])
  func huge(_ timeout: Duration) throws {
    let poller = try Poller()
    let waker = poller.waker
    let thread = TestThread { waker.wake() }
    #expect(try poller.collect(timeout).count == 1)
    thread.join()
  }

  @Test("an event ends a wait before the time is up")
  func event() throws {
    let poller = try Poller()
    try poller.withWatchedPipe(.readable) { pipe in
      try pipe.right.write(count: 1)
      #expect(try poller.collect(.seconds(1_000)).count == 1)
    }
  }

  @Test("signals neither end a wait nor prolong it")
  func signals() throws {
    TestThread.handleInterrupts()
    let box = PollerBox(try Poller())
    let result = SharedNumber()
    let milliseconds = SharedNumber()
    let waiter = TestThread {
      let elapsed = ContinuousClock().measure {
        result.value.store(
          (try? box.poller.wait(timeout: .milliseconds(100)) { _ in }) ?? -1, ordering: .relaxed)
      }
      milliseconds.value.store(Int(elapsed / .milliseconds(1)), ordering: .releasing)
    }
    // A wait that begins anew with each signal would not end before the signals do.
    let isOver = eventually {
      waiter.interrupt()
      return milliseconds.value.load(ordering: .acquiring) != 0
    }
    waiter.join()
    #expect(isOver)
    #expect(result.value.load(ordering: .relaxed) == 0)
    #expect(milliseconds.value.load(ordering: .relaxed) >= 100)
  }

  @Test("signals do not end a wait without a time limit")
  func signalsForever() throws {
    TestThread.handleInterrupts()
    let box = PollerBox(try Poller())
    let result = SharedNumber()
    let waiter = TestThread {
      result.value.store((try? box.poller.wait(timeout: nil) { _ in }) ?? -1, ordering: .relaxed)
    }
    for _ in 0..<1_000 {
      waiter.interrupt()
      TestThread.yield()
    }
    #expect(result.value.load(ordering: .relaxed) == 0)
    box.poller.waker.wake()
    waiter.join()
    #expect(result.value.load(ordering: .relaxed) == 1)
  }
}
