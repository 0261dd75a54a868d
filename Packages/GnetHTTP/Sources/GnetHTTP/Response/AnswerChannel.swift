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
    /// Whether the session is about to look anyway, since the answer has just begun.
    var isNew = true
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

  /// Makes a change, and has the session look, unless the session is about to look anyway.
  ///
  /// - Parameter body: makes the change. Returns whether there is something to look at.
  @discardableResult
  func change(_ body: (inout State) -> Bool) -> Bool {
    let (isChanged, isNew) = withState { state in (body(&state), state.isNew) }
    if isChanged && !isNew { handle.wake() }
    return isChanged
  }

  // MARK: Session

  /// Notes the end of the connection or the answer: waiting writers and the running task learn of it.
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

  /// Has a task give the answer. The task runs on the connection's loop: at once, up to the first time that it waits.
  func answer(by body: @escaping @Sendable () async throws -> Response) {
    cancelAtEnd(
      Task.immediate(executorPreference: loop) { [self] in
        do {
          send(try await body())
        } catch let refusal as Refusal {
          send(Response(refusal))
        } catch {
          report(error)
          send(.failure)
        }
      })
  }

  /// Has a task cancelled when the connection goes.
  func cancelAtEnd(_ task: Task<Void, Never>) {
    let isLate = withState { state in
      if state.failure == nil { state.task = task }
      return state.failure != nil
    }
    if isLate { task.cancel() }
  }

  /// Gives the answer. Returns whether it is on its way.
  @discardableResult
  func send(_ response: Response) -> Bool {
    change { state in
      guard state.failure == nil else { return false }
      state.response = response
      return true
    }
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
