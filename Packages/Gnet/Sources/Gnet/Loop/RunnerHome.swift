/// The owner of a loop or an acceptor once the server is assembled: a thread, or a simulation.
protocol RunnerHome {
  init<Runner: LoopRunner & ~Copyable & SendableMetatype>(_ runner: consuming sending Runner, name: String)
}

/// The body of a thread, which runs a loop or an acceptor, which it owns from then on.
struct ThreadBody: RunnerHome {
  let name: String
  let run: @Sendable () -> Void

  init<Runner: LoopRunner & ~Copyable & SendableMetatype>(_ runner: consuming sending Runner, name: String) {
    self.name = name
    let value = ThreadValue(runner)
    run = {
      guard var runner = value.take() else { return }
      runner.run()
    }
  }
}

/// A value on its way to the thread that is to own it.
private final class ThreadValue<Value: ~Copyable>: Sendable {
  private let value: Lock<Value?>

  init(_ value: consuming sending Value) { self.value = Lock(value) }

  func take() -> sending Value? { value.withLock { $0.take() } }
}

/// A loop or an acceptor that runs step by step, on the thread of the caller.
package final class SteppedRunner: RunnerHome {
  package let name: String
  /// Whether the runner has taken its last step.
  package private(set) var hasEnded = false
  private let step: () -> Bool
  private let violations: () -> [String]
  private let destroy: () -> Void

  init<Runner: LoopRunner & ~Copyable & SendableMetatype>(_ runner: consuming sending Runner, name: String) {
    self.name = name
    let place = Pinned(runner)
    var hasStarted = false
    step = {
      if !hasStarted {
        hasStarted = true
        place.pointee.start()
      }
      if place.pointee.runOnce() { return true }
      place.pointee.end()
      return false
    }
    violations = { place.pointee.violations }
    destroy = { place.take().destroy() }
  }

  deinit { if !hasEnded { destroy() } }

  /// Runs one turn: the first one begins, the last one ends. The wait in the middle does not block.
  package func takeStep() {
    assert(!hasEnded)
    if !step() { end() }
  }

  /// The invariants of the runner that do not hold between two steps.
  package func checkInvariants() -> [String] { hasEnded ? [] : violations() }

  /// Ends the runner without having run.
  func end() {
    assert(!hasEnded)
    hasEnded = true
    destroy()
  }
}
