/// The jobs that wait for a thread, in their order and no more than fit.
final class WorkQueue: Sendable {
  typealias Job = @Sendable () -> Void

  private struct State {
    var jobs: [Job?]
    var head = 0
    var count = 0
    var isClosed = false
  }

  private let monitor: Monitor<State>

  init(capacity: Int) { monitor = Monitor(State(jobs: Array(repeating: nil, count: capacity))) }

  /// Adds a job; `false` if there is no room or the queue is closed.
  func add(_ job: @escaping Job) -> Bool {
    let isAdded = monitor.withLock { state in
      guard !state.isClosed, state.count < state.jobs.count else { return false }
      state.jobs[(state.head + state.count) % state.jobs.count] = job
      state.count += 1
      return true
    }
    if isAdded { monitor.signal() }
    return isAdded
  }

  /// Waits for a job; `nil` when the queue is closed and empty.
  func take() -> Job? {
    monitor.withLock(when: { $0.count > 0 || $0.isClosed }) { state in
      guard state.count > 0 else { return nil }
      defer {
        state.jobs[state.head] = nil
        state.head = (state.head + 1) % state.jobs.count
        state.count -= 1
      }
      return state.jobs[state.head]
    }
  }

  /// Takes no more jobs.
  func close() {
    monitor.withLock { $0.isClosed = true }
    monitor.broadcast()
  }
}
