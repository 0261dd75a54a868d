/// A bounded first-in, first-out queue of jobs for the threads of a pool.
///
/// The queue accepts up to `capacity` waiting jobs and one job for each thread. A job counts until it has run, so the
/// bound does not depend on how fast idle threads wake up.
final class WorkQueue: Sendable {
  typealias Job = @Sendable () -> Void

  private struct State {
    var jobs: [Job?]
    var head = 0
    var count = 0
    var runningCount = 0
    var isClosed = false

    /// Whether there is a place for each job that waits or runs.
    var isBounded: Bool {
      count >= 0 && runningCount >= 0 && count + runningCount <= jobs.count && jobs.indices.contains(head)
    }
  }

  private let monitor: Monitor<State>

  init(threadCount: Int, capacity: Int) {
    monitor = Monitor(State(jobs: Array(repeating: nil, count: threadCount + capacity)))
  }

  /// Adds a job. Returns `false` if the queue is full or closed.
  func add(_ job: @escaping Job) -> Bool {
    let isAdded = monitor.withLock { state in
      assert(state.isBounded)
      guard !state.isClosed, state.runningCount + state.count < state.jobs.count else { return false }
      let place = (state.head + state.count) % state.jobs.count
      assert(state.jobs[place] == nil, "a job is overwritten")
      state.jobs[place] = job
      state.count += 1
      return true
    }
    if isAdded { monitor.signal() }
    return isAdded
  }

  /// Runs jobs until the queue is closed and empty.
  func run() {
    while let job = take() {
      job()
      monitor.withLock { state in
        assert(state.runningCount > 0)
        state.runningCount -= 1
      }
    }
  }

  /// Waits for a job and removes it. Returns `nil` when the queue is closed and empty.
  private func take() -> Job? {
    monitor.withLock(when: { $0.count > 0 || $0.isClosed }) { state in
      guard state.count > 0 else { return nil }
      assert(state.jobs[state.head] != nil, "a job has no place")
      defer {
        state.jobs[state.head] = nil
        state.head = (state.head + 1) % state.jobs.count
        state.count -= 1
        state.runningCount += 1
        assert(state.isBounded)
      }
      return state.jobs[state.head]
    }
  }

  /// Closes the queue: accepted jobs still run, further jobs are refused.
  func close() {
    monitor.withLock { $0.isClosed = true }
    monitor.broadcast()
  }
}
