internal import SystemPackage

/// The threads of a server, from their creation until the last has ended and was joined.
///
/// Threads are created before the server is announced, and wait until they are released. The last thread to end
/// finishes the server: no loop takes messages any more, plugins are told, and waiting threads go on.
final class ServerThreads: Sendable {
  let server: Server
  private let plugins: [any Plugin]
  private let state = Monitor(State())

  private struct State {
    var threads: [Thread] = []
    var gate = Gate.closed
    /// The threads that have not ended.
    var runningCount = 0
    /// Whether the plugins have been told of the start.
    var isAnnounced = false
    var isFinished = false
    var onFinish: [@Sendable () -> Void] = []
  }

  private enum Gate {
    /// The threads wait.
    case closed
    /// The threads run.
    case open
    /// The threads end without having run.
    case abandoned
  }

  init(_ server: Server, plugins: [any Plugin]) {
    self.server = server
    self.plugins = plugins
  }

  // MARK: The start

  /// Adds a thread that will run `body` once it is released.
  ///
  /// - Throws: where the system has no more threads. The threads that were added have ended then.
  func add(
    _ name: String, on system: some ThreadedSystem, _ body: @escaping @Sendable () -> Void
  ) throws(ServeError) {
    state.withLock { state in
      assert(state.gate == .closed && state.threads.count == state.runningCount, "a thread comes too late")
      state.runningCount += 1
    }
    do throws(Errno) {
      let thread = try system.startThread(name: name) { [self] in
        if isReleased() { body() }
        leave()
      }
      state.withLock { $0.threads.append(thread) }
    } catch {
      state.withLock { $0.runningCount -= 1 }
      open(.abandoned)
      join()
      assert(state.withLock { $0.runningCount } == 0)
      markEnded()
      throw .system(operation: SystemCall.createThread.rawValue, address: nil, error)
    }
  }

  /// Lets the threads run, or end at once.
  func release(_ runs: Bool) {
    state.withLock { $0.isAnnounced = true }
    open(runs ? .open : .abandoned)
  }

  private func open(_ gate: Gate) {
    state.withLock { state in
      assert(state.gate == .closed && gate != .closed, "a gate opens once")
      state.gate = gate
    }
    state.broadcast()
  }

  private func isReleased() -> Bool { state.withLock(when: { $0.gate != .closed }) { $0.gate == .open } }

  // MARK: The end

  /// Ends a thread's part; the last one finishes the server.
  private func leave() {
    let isLast = state.withLock { state in
      assert(state.runningCount > 0 && state.gate != .closed)
      state.runningCount -= 1
      return state.runningCount == 0
    }
    if isLast { finish() }
  }

  private func finish() {
    markEnded()
    if state.withLock({ $0.isAnnounced }) { for plugin in plugins { plugin.stopped(server) } }
    let callbacks = state.withLock { state in
      assert(!state.isFinished && state.runningCount == 0)
      state.isFinished = true
      return state.onFinish
    }
    state.broadcast()
    for callback in callbacks { callback() }
  }

  /// Also for loops that were never run: what was posted to them is served or dropped here, descriptors with it.
  private func markEnded() { for loop in server.loops { loop.markEnded() } }

  /// Calls `body` when the server has finished, on one of its threads, or at once.
  func whenFinished(_ body: @escaping @Sendable () -> Void) {
    let isFinished = state.withLock { state in
      if !state.isFinished { state.onFinish.append(body) }
      return state.isFinished
    }
    if isFinished { body() }
  }

  /// Waits until the server has finished and its threads are gone.
  ///
  /// - Throws: the error that ended the server.
  func wait() throws(ServeError) {
    state.withLock(when: { $0.isFinished }) { _ in }
    join()
    if let failure = server.failure { throw failure }
  }

  /// Whether the caller runs on one of the threads.
  var isCurrent: Bool { state.withLock { $0.threads }.contains { $0.isCurrent } }

  /// Leaves the threads to themselves.
  func detach() { for thread in state.withLock({ $0.threads }) { thread.detach() } }

  private func join() { for thread in state.withLock({ $0.threads }) { thread.join() } }
}
