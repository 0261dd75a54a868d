internal import Logging
internal import Poller
internal import RingBuffer
internal import SystemPackage

/// A deadline of a loop, and what it is for.
enum Deadline {
  /// A connection's: of idleness while it is open, and then of lingering.
  case connection(ConnectionToken)
  /// An outbound connection's, while it is being established: of its next attempt, or of its time limit.
  case dial(Dial)
  /// The time to try a listening socket again.
  case listener(Int)
  /// The time to look at the file of a listening unix socket.
  case file(Int)
  /// The time to try a datagram socket again.
  case datagrams(Int)
  /// The next call of a tick.
  case tick(Int)
  /// The moment of a timer that the program has set.
  case scheduled(ScheduledTimer)
  /// The time to give up spare rings.
  case spareRings
  /// The end of the time that a shutdown takes.
  case drain
}

/// The state that the parts of a loop share while it runs: the system, the time, the deadlines and the counters.
struct Turn<System: LoopSystem>: ~Copyable {
  let system: System
  let selector: System.Selector
  let server: Server
  let options: Options

  /// The time at which the turn began.
  private(set) var now: Poller.Instant
  var timers = Timers<Deadline>()
  var counters = LoopStatistics()
  /// Whether the loop has begun to shut down.
  private(set) var isDraining = false
  /// Whether a deadline is set at which spare rings that have not been needed are given up.
  private var trimsSpareRings = false
  /// Whether the loop waits and no event has come yet.
  private(set) var isWaiting = false

  init(_ system: System, _ selector: System.Selector, server: Server, options: Options) {
    self.system = system
    self.selector = selector
    self.server = server
    self.options = options
    now = system.now
  }

  deinit { selector.destroy() }

  /// Sets a timer.
  mutating func setTimer(_ deadline: Deadline, after delay: Duration) -> Timers<Deadline>.ID {
    timers.set(deadline, at: now + delay, now: now)
  }

  /// Takes in the present moment, ahead of work that is not part of an earlier turn.
  mutating func refresh() { now = system.now }

  /// Begins a wait: the turn's work is done.
  mutating func beginWait() {
    assert(!isWaiting)
    let time = system.now
    counters.busyNanoseconds &+= UInt64(time.nanoseconds &- now.nanoseconds)
    counters.polls &+= 1
    now = time
    isWaiting = true
  }

  /// Begins a turn, if a wait is over: before its first event is handled, or when there was none.
  @inline(__always)
  mutating func endWait() { if isWaiting { beginTurn() } }

  private mutating func beginTurn() {
    let time = system.now
    counters.waitingNanoseconds &+= UInt64(time.nanoseconds &- now.nanoseconds)
    now = time
    isWaiting = false
  }

  // MARK: Spare rings

  /// Leaves an empty ring's storage to the next writer from another thread.
  mutating func recycle(_ ring: inout RingBuffer, into spareRings: SpareRings) {
    spareRings.give(&ring)
    if !trimsSpareRings { scheduleTrim() }
    assert(ring.isEmpty && trimsSpareRings)
  }

  /// Gives up the spare rings that have not been needed since the last time.
  mutating func trim(_ spareRings: SpareRings) {
    assert(trimsSpareRings)
    trimsSpareRings = false
    if spareRings.trim() { scheduleTrim() }
  }

  private mutating func scheduleTrim() {
    assert(!trimsSpareRings)
    _ = setTimer(.spareRings, after: Self.spareRingsLifetime)
    trimsSpareRings = true
  }

  /// For how long rings are kept that no writer from another thread has needed.
  private static var spareRingsLifetime: Duration { .seconds(1) }

  // MARK: The end

  /// Begins the loop's shutdown, which is to end within the drain time-out.
  mutating func beginDraining() {
    assert(!isDraining)
    isDraining = true
    refresh()
    _ = setTimer(.drain, after: options.drainTimeout)
  }
}
