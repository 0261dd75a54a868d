internal import Poller
internal import Synchronization

/// A timer of an event loop. Dropping it takes it back.
public struct LoopTimer: ~Copyable, Sendable {
  private var timer: ScheduledTimer?

  fileprivate init(_ timer: ScheduledTimer) { self.timer = timer }

  /// Lets the timer run, with nothing to take it back by.
  public consuming func keep() { timer = nil }

  deinit { timer?.cancel() }
}

extension EventLoop {
  /// Has `body` called on the loop's thread after `delay`, once.
  ///
  /// Never early, and late by at most a millisecond or a thousandth of the delay, plus the time that the loop is busy.
  /// From any thread. When the loop ends before, the body is not called.
  ///
  /// - Returns: the timer; dropping it takes it back, unless it has fired.
  public func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) -> LoopTimer {
    start(ScheduledTimer(on: self, at: system.now + delay, every: nil, body))
  }

  /// Has `body` called on the loop's thread again and again, for the first time after one `interval`.
  ///
  /// The calls do not drift. Calls that were missed, since the loop was busy or the process stopped, are left out.
  ///
  /// - Parameters:
  ///   - interval: the time from call to call, more than nothing; half a millisecond is the shortest in effect.
  ///   - body: the call to make.
  /// - Returns: the timer; dropping it ends the calls.
  public func every(_ interval: Duration, _ body: @escaping @Sendable () -> Void) -> LoopTimer {
    precondition(interval > .zero, "EventLoop.every: the interval must be longer than nothing")
    let nanoseconds = max(1, Poller.Instant.nanoseconds(of: interval))
    return start(ScheduledTimer(on: self, at: system.now + interval, every: nanoseconds, body))
  }

  private func start(_ timer: ScheduledTimer) -> LoopTimer {
    post(.timer(timer))
    return LoopTimer(timer)
  }

  /// The present moment.
  public var now: ContinuousClock.Instant { system.continuousNow }
}

/// A timer that the program has set on a loop.
final class ScheduledTimer: Sendable {
  /// The state of a timer, which is its loop's.
  private struct State {
    /// The call to make; `nil` after the only one.
    var body: (@Sendable () -> Void)?
    var deadline: Poller.Instant
    var id: Timers<Deadline>.ID?
  }

  let loop: EventLoop
  /// The time from call to call in nanoseconds; `nil` for a single call.
  private let interval: Int64?
  private let cancellation = Atomic<Bool>(false)
  private nonisolated(unsafe) var confinedState: Confined<State>

  init(on loop: EventLoop, at deadline: Poller.Instant, every interval: Int64?, _ body: @escaping @Sendable () -> Void)
  {
    assert(interval ?? 1 > 0)
    self.loop = loop
    self.interval = interval
    unsafe confinedState = Confined(State(body: body, deadline: deadline))
  }

  // MARK: Any thread

  var isCancelled: Bool { cancellation.load(ordering: .relaxed) }

  func cancel() {
    cancellation.store(true, ordering: .relaxed)
    loop.post(.timer(self))
  }

  // MARK: The loop

  private var state: State {
    @inline(__always) _read { yield unsafe confinedState[on: loop] }
    @inline(__always) _modify { yield unsafe &confinedState[on: loop] }
  }

  var deadline: Poller.Instant { state.deadline }

  /// Whether the loop has the timer among its deadlines.
  var isSet: Bool { state.id != nil }

  func setID(_ id: Timers<Deadline>.ID) { state.id = id }
  func takeID() -> Timers<Deadline>.ID? { state.id.take() }

  /// Calls the body, and gives it up where no other call comes, however long the program keeps the timer.
  func fire() {
    assert(!isSet && state.body != nil)
    let body = state.body
    if interval == nil { state.body = nil }
    body?()
  }

  /// Moves the deadline to the next one that is still to come. Returns whether there is one.
  func advance(past now: Poller.Instant) -> Bool {
    guard let interval else { return false }
    let missed = max(0, now.nanoseconds - deadline.nanoseconds) / interval
    let (step, isTooLong) = (missed + 1).multipliedReportingOverflow(by: interval)
    let (next, isTooLate) = deadline.nanoseconds.addingReportingOverflow(step)
    state.deadline = isTooLong || isTooLate ? .never : Poller.Instant(nanoseconds: next)
    assert(deadline > now)
    return true
  }
}
