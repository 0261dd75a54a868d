import Gnet
import GnetTesting

/// Timers of all lengths, set and taken back on the loop and from outside, and time-outs of connections.
///
/// Checked are: no timer is early, none fires after it was taken back, every other fires once; on a machine without faults none
/// is later than promised.
// Unchecked: a simulation stays on one thread.
final class TimersWorkload: @unchecked Sendable {
  private let ledger: Ledger
  private var simulation: Simulation { ledger.simulation }
  private var timers: [Timer] = []
  private let isPunctual: Bool

  // Unchecked: a simulation stays on one thread.
  private final class Timer: @unchecked Sendable {
    var timer: LoopTimer?
    let delay: Duration
    var fireCount = 0
    var isTakenBack = false
    let repeats: Bool

    init(_ delay: Duration, repeats: Bool) {
      self.delay = delay
      self.repeats = repeats
    }
  }

  init(_ ledger: Ledger) {
    self.ledger = ledger
    ledger.simulation.drawFaults()
    isPunctual = ledger.happens(0.5)
    if isPunctual { ledger.simulation.faults = Simulation.Faults() }
  }

  func run() throws {
    let options = ledger.drawOptions()
    let server = ledger.start([Listener("tcp://:7000", Service(handler))], options)
    let length = Duration.milliseconds(ledger.element(of: [10, 1000, 100_000]))
    for _ in 0..<ledger.number(in: 1...40) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [self] in
        set(on: ledger.element(of: server.loops), within: length, depth: 0)
      }
    }
    for _ in 0..<ledger.number(in: 0...3) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [simulation] in
        _ = simulation.connect(to: server.addresses[0])
      }
    }
    if !isPunctual { ledger.scheduleOutages(of: simulation.localhost, within: length) }
    try ledger.run(for: length)
    simulation.endFaults()
    try ledger.run(for: length * 6)
    for timer in timers where !timer.isTakenBack && server.failure == nil {
      ledger.require(timer.fireCount > 0, "a timer of \(timer.delay) has not fired")
    }
    for timer in timers { takeBack(timer) }
    try ledger.finish(server, options)
    ledger.checkDescriptors()
  }

  private func set(on loop: EventLoop, within length: Duration, depth: Int) {
    let repeats = ledger.happens(0.2)
    let delay = repeats ? ledger.duration(upTo: length) + length / 100 : ledger.duration(upTo: length)
    let timer = Timer(delay, repeats: repeats)
    timers.append(timer)
    let start = loop.now
    let body: @Sendable () -> Void = { [self] in
      fired(timer, loop, start)
      if !repeats && depth < 2 && ledger.happens(0.2) { set(on: loop, within: length, depth: depth + 1) }
      if ledger.happens(0.1) { takeBack(ledger.element(of: timers)) }
    }
    timer.timer = repeats ? loop.every(delay, body) : loop.schedule(after: delay, body)
    if ledger.happens(0.2) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [self] in takeBack(timer) }
    }
  }

  private func takeBack(_ timer: Timer) {
    if timer.timer == nil { return }
    if timer.repeats || timer.fireCount == 0 { timer.isTakenBack = true }
    timer.timer = nil
  }

  private func fired(_ timer: Timer, _ loop: EventLoop, _ start: ContinuousClock.Instant) {
    let elapsed = start.duration(to: loop.now)
    timer.fireCount += 1
    ledger.require(!timer.isTakenBack, "a timer of \(timer.delay) fires after it was taken back")
    ledger.require(timer.repeats || timer.fireCount == 1, "a timer of \(timer.delay) fires twice")
    let due = timer.repeats ? timer.delay * timer.fireCount : timer.delay
    ledger.require(elapsed >= due, "a timer of \(due) fires after \(elapsed)")
    // Calls of a short interval are left out.
    guard isPunctual, !timer.repeats || timer.delay > .milliseconds(2) else { return }
    let limit = due + max(.milliseconds(1), due / 1000)
    ledger.require(elapsed <= limit, "a timer of \(due) fires after \(elapsed)")
  }

  // MARK: Time-outs

  private var handler: @Sendable (inout Connection) -> TimeoutHandler {
    { [self] _ in TimeoutHandler(ledger, isPunctual: isPunctual) }
  }

  /// A handler that moves its time-out on and on.
  private struct TimeoutHandler: ConnectionHandler {
    let ledger: Ledger
    let isPunctual: Bool
    var start: ContinuousClock.Instant?
    var delay = Duration.zero

    init(_ ledger: Ledger, isPunctual: Bool) {
      self.ledger = ledger
      self.isPunctual = isPunctual
    }

    private mutating func set(_ connection: inout Connection) {
      start = connection.loop.now
      delay = ledger.duration(upTo: .seconds(2))
      connection.setTimeout(delay)
    }

    mutating func opened(_ connection: inout Connection) -> Action {
      for _ in 0..<ledger.number(in: 1...3) { set(&connection) }
      return .none
    }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }

    mutating func timedOut(_ connection: inout Connection) -> Action {
      guard let start = start.take() else {
        ledger.report("a time-out fires that was not set")
        return .close
      }
      let elapsed = start.duration(to: connection.loop.now)
      ledger.require(elapsed >= delay, "a time-out of \(delay) fires after \(elapsed)")
      let limit = delay + max(.milliseconds(1), delay / 1000)
      ledger.require(!isPunctual || elapsed <= limit, "a time-out of \(delay) fires after \(elapsed)")
      if ledger.happens(0.2) { return .close }
      set(&connection)
      return .none
    }
  }
}
