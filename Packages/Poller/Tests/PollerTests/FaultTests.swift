// Planned failures exist in debug builds only.
#if DEBUG
  import TestSupport
  @testable import Poller
  import SystemPackage
  import Testing

  /// A poller, and the plan of its failures.
  private func failingPoller() throws -> (Poller, FaultPlan) {
    let plan = FaultPlan()
    return (try Poller(Faults(plan: plan)), plan)
  }

  @Suite("Planned failures")
  struct FaultTests {
    @Test(
      "a registration that the kernel has no memory for fails and leaves nothing",
      arguments: [.noMemory, .noSpace] as [Errno])
    func add(_ errno: Errno) throws {
      let (poller, plan) = try failingPoller()
      try withPipe { pipe in
        plan.fail(.control, with: errno)
        #expect(throws: errno) { try poller.add(pipe.left, token: 1, interest: .readable) }
        #expect(plan.remaining == 0)
        try poller.add(pipe.left, token: 1, interest: .readable)
        try pipe.right.write(count: 1)
        #expect(try poller.look().count == 1)
      }
    }

    @Test(
      "a poller that cannot be made leaves nothing open", .ownDescriptorsOnly,
      arguments: FailingCall.ofCreation)
    func creation(_ call: FailingCall) async {
      await #expect(processExitsWith: .success) { [call] in
        let before = try await FileDescriptor.openWhenSettled
        let plan = FaultPlan()
        plan.fail(call, with: .tooManyOpenFiles)
        #expect(throws: Errno.tooManyOpenFiles) { _ = try Poller(Faults(plan: plan)) }
        try #require(plan.remaining == 0)
        try #require(FileDescriptor.opened(since: before).isEmpty)
      }
    }

    @Test("interruptions are retried with the time left", arguments: [.wait, .waitPrecisely] as [FailingCall])
    func interrupted(_ call: FailingCall) throws {
      let (poller, plan) = try failingPoller()
      for timeout in [Duration.zero, .milliseconds(5)] {
        plan.fail(call, with: .interrupted, times: 3)
        let elapsed = try ContinuousClock().measure {
          let events = try poller.collect(timeout)
          #expect(events.isEmpty)
        }
        #expect(elapsed >= timeout)
        let isCallUsed = (timeout > .zero && Poller.backend == .epoll) == (call == .waitPrecisely)
        #expect(plan.remaining == (isCallUsed ? 0 : 3))
        plan.removeAll()
      }
    }

    @Test("where there is no timer for a moment that many waits are for, they end at it nevertheless")
    func noTimer() throws {
      let (poller, plan) = try failingPoller()
      let now = Poller.Instant.now
      let deadline = now + .milliseconds(20)
      var counts: [Int] = []
      plan.fail(.openTimer, with: .tooManyOpenFiles, times: 100)
      for _ in 0..<4 {
        poller.waker.wake()
        counts.append(try poller.wait(until: deadline, now: now) { _ in })
      }
      counts.append(try poller.wait(until: deadline, now: .now) { _ in })
      #expect(counts == [1, 1, 1, 1, 0])
      #expect(Poller.Instant.now >= deadline)
      #expect((plan.remaining < 100) == (Poller.backend == .epoll))
    }

    @Test("an event after interruptions is delivered")
    func eventAfterInterruption() throws {
      let (poller, plan) = try failingPoller()
      poller.waker.wake()
      plan.fail(.wait, with: .interrupted, times: 100)
      let events = try poller.collect(.zero)
      #expect(events.count == 1)
      #expect(plan.remaining == 0)
    }

    @Test("what a wait cannot overcome is thrown, and the next wait works")
    func waitFails() throws {
      let (poller, plan) = try failingPoller()
      plan.fail(.wait, with: .badAddress)
      #expect(throws: Errno.badAddress) { try poller.wait(timeout: nil) { _ in } }
      poller.waker.wake()
      #expect(try poller.look().count == 1)
    }

    @Test("a wake-up gets through interruptions")
    func interruptedWake() throws {
      let (poller, plan) = try failingPoller()
      plan.fail(.signal, with: .interrupted, times: 3)
      poller.waker.wake()
      #expect(plan.remaining == 0)
      #expect(try poller.look().map(\.isWake) == [true])
    }

    @Test(
      "a wake-up that the kernel refuses leaves the next one to be tried anew",
      arguments: [.ioError, .noMemory] as [Errno])
    func refusedWake(_ errno: Errno) throws {
      let (poller, plan) = try failingPoller()
      plan.fail(.signal, with: errno)
      poller.waker.wake()
      #expect(plan.remaining == 0)
      #expect(try poller.look().isEmpty)
      for _ in 0..<2 {
        poller.waker.wake()
        #expect(try poller.look().map(\.isWake) == [true])
      }
    }

    @Test("a wake-up gets past a counter that is full, once", .enabled(if: Poller.backend == .epoll))
    func fullCounter() throws {
      let (poller, plan) = try failingPoller()
      plan.fail(.signal, with: .resourceTemporarilyUnavailable)
      poller.waker.wake()
      #expect(plan.remaining == 0)
      #expect(try poller.look().map(\.isWake) == [true])
      plan.fail(.signal, with: .resourceTemporarilyUnavailable, times: 2)
      poller.waker.wake()
      #expect(plan.remaining == 0)
      #expect(try poller.look().isEmpty)
      poller.waker.wake()
      #expect(try poller.look().map(\.isWake) == [true])
    }

    @Test(
      "without epoll_pwait2 a wait is rounded up to milliseconds, which is found out once",
      .enabled(if: Poller.backend == .epoll), arguments: [.noFunction, .notPermitted] as [Errno])
    func fallback(_ errno: Errno) throws {
      let (poller, plan) = try failingPoller()
      plan.fail(.waitPrecisely, with: errno, times: 2)
      for _ in 0..<3 {
        let elapsed = try ContinuousClock().measure {
          let events = try poller.collect(.microseconds(200))
          #expect(events.isEmpty)
        }
        #expect(elapsed >= .milliseconds(1))
      }
      #expect(plan.remaining == 1)
    }
  }

  extension FailingCall {
    /// The calls that make a poller. A kqueue registers its user event with `openWaker`, without `control`.
    static var ofCreation: [Self] {
      Poller.backend == .epoll ? [.open, .openWaker, .control] : [.open, .openWaker]
    }
  }

  extension FailingCall: Codable {}

  @Suite("Countdown")
  struct CountdownTests {
    @Test("milliseconds are rounded up, and clipped to what the call takes")
    func milliseconds() {
      #expect(Countdown(nil).milliseconds == -1)
      #expect(Countdown(.zero).milliseconds == 0)
      #expect(Countdown(.nanoseconds(1)).milliseconds == 1)
      #expect(Countdown(.milliseconds(1)).milliseconds == 1)
      #expect(Countdown(.nanoseconds(1_000_001)).milliseconds == 2)
      #expect(Countdown(.seconds(Int64.max)).milliseconds == .max)
    }

    @Test(
      "a wait until a moment has what is left until then, nothing if that has passed, and no limit if it never comes")
    func moments() {
      func remaining(until end: Int64, now: Int64) -> Int64 {
        Countdown(until: Poller.Instant(nanoseconds: end), now: Poller.Instant(nanoseconds: now)).remaining
      }
      #expect(remaining(until: 5, now: 3) == 2)
      #expect(remaining(until: 3, now: 3) == 0)
      #expect(remaining(until: 3, now: 5) == 0)
      #expect(remaining(until: .max - 1, now: 0) == .max - 1)
      #expect(remaining(until: .max, now: 5) == -1)
    }

    @Test("the time left shrinks to zero and never below")
    func refresh() {
      var forever = Countdown(nil)
      forever.refresh()
      #expect(forever.remaining == -1)
      var short = Countdown(.microseconds(100))
      let isOver = eventually {
        let before = short.remaining
        short.refresh()
        return short.remaining == 0 || short.remaining > before
      }
      #expect(isOver)
      #expect(short.remaining == 0)
      var long = Countdown(.seconds(Int64.max))
      long.refresh()
      #expect(long.remaining > 0)
    }
  }
#endif
