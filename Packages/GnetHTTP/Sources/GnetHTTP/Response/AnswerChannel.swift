internal import Gnet
internal import Logging
internal import RingBuffer
internal import Synchronization

/// The way of a later answer to its connection: from any thread to the session, which is woken.
final class AnswerChannel: Sendable {
  /// The bytes of a streamed body that may wait here for the session; more are refused.
  static let outputLimit = 64 << 10

  struct State: ~Copyable {
    /// The answer as a whole.
    var response: Response?
    /// The bytes of a streamed body, framed.
    var output = RingBuffer()
    /// The bytes that a body of known length has still to come.
    var remaining: Int?
    var isFinished = false
    var isAborted = false
    /// The reason why nothing is taken any more.
    var failure: (any Error)?
    /// The tasks that wait until more is taken.
    var writers: [Suspension] = []
    var task: Task<Void, Never>?
  }

  let handle: ConnectionHandle
  let loop: EventLoop
  private let logger: Logger?
  private let state = Mutex(State())

  init(_ connection: borrowing Connection, logger: Logger?) {
    handle = connection.handle
    loop = connection.loop
    self.logger = logger
  }

  func withState<Result>(_ body: (inout sending State) -> sending Result) -> sending Result { state.withLock(body) }

  /// Has the session look.
  func wake() { handle.wake() }

  // MARK: Session

  /// Takes in that the connection has gone, or that the answer is over: whoever waits or is at work learns of it.
  func end(_ error: any Error) {
    let (writers, task) = withState { state in
      state.failure = state.failure ?? error
      let writers = state.writers
      state.writers = []
      return (writers, state.task.take())
    }
    for writer in writers { writer.resume() }
    task?.cancel()
  }

  /// Lets the tasks go on that wait until more is taken.
  func resumeWriters() {
    let writers = withState { state in
      let writers = state.writers
      state.writers = []
      return writers
    }
    for writer in writers { writer.resume() }
  }

  // MARK: Tasks

  /// Runs a task on the connection's loop, which is cancelled when the connection goes.
  func run(_ body: @escaping @Sendable () async -> Void) {
    let task = Task(executorPreference: loop) { await body() }
    let isLate = withState { state in
      if state.failure == nil { state.task = task }
      return state.failure != nil
    }
    if isLate { task.cancel() }
  }

  /// Logs the error of a task. A client that has gone is none.
  func report(_ error: any Error) {
    if error is CancellationError || withState({ $0.failure != nil }) { return }
    logger?.error("the answer to a request failed: \(error)")
  }

  /// Waits until the session has taken what is there.
  func waitUntilTaken() async {
    await Suspension.wait { writer in
      let isOver = withState { state in
        if state.failure != nil || state.output.count < Self.outputLimit { return true }
        state.writers.append(writer)
        return false
      }
      if isOver { writer.resume() }
    }
  }
}
