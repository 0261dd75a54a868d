internal import SystemPackage

extension Server {
  /// Serves `events` on `addresses` until the server is shut down or the task is cancelled, which shuts it down in
  /// order.
  ///
  /// The task is suspended meanwhile and occupies no thread of Swift's pool. Otherwise this is `serve`, with
  /// `onInitComplete` called on a thread of the library.
  ///
  /// - Throws: what `serve` throws. Cancellation is no error.
  public static func run(
    _ events: Events, options: Options = Options(), on addresses: [String]
  ) async throws(ServeError) {
    let cancellation = Cancellation()
    var events = events
    let initialise = events.onInitComplete
    events.onInitComplete = { server in
      if cancellation.watch(server) { return .shutdown }
      return initialise?(server) ?? .none
    }
    let launch = Launch(events: events, options: options, addresses: addresses)
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { launch.start($0) }
    } onCancel: {
      cancellation.cancel()
    }
    launch.join()
    try outcome.get()
  }

  /// Serves `events` on `addresses` until the server is shut down or the task is cancelled.
  public static func run(
    _ events: Events, options: Options = Options(), on addresses: String...
  ) async throws(ServeError) {
    try await run(events, options: options, on: addresses)
  }
}

/// A call of `serve` on a thread of its own.
private final class Launch: Sendable {
  private let events: Events
  private let options: Options
  private let addresses: [String]
  private let thread = Lock<Thread?>(nil)

  init(events: Events, options: Options, addresses: [String]) {
    self.events = events
    self.options = options
    self.addresses = addresses
  }

  func start(_ continuation: CheckedContinuation<Result<Void, ServeError>, Never>) {
    do throws(Errno) {
      let started = try Thread(name: "gnet-serve") { [self] in continuation.resume(returning: outcome()) }
      thread.withLock { $0 = started }
    } catch {
      let failure = ServeError.system(operation: SystemCall.createThread.rawValue, address: nil, error)
      continuation.resume(returning: .failure(failure))
    }
  }

  func join() { thread.withLock { $0 }?.join() }

  private func outcome() -> Result<Void, ServeError> {
    do throws(ServeError) {
      try serve(events, options: options, on: addresses)
      return .success(())
    } catch {
      return .failure(error)
    }
  }
}

/// Brings a task's cancellation to a server, whichever of the two comes first.
private final class Cancellation: Sendable {
  private struct State {
    var server: Server?
    var isCancelled = false
  }

  private let state = Lock(State())

  /// Has the server shut down when the task is cancelled.
  ///
  /// - Returns: whether that has happened already.
  func watch(_ server: Server) -> Bool {
    state.withLock { state in
      state.server = server
      return state.isCancelled
    }
  }

  func cancel() {
    let server = state.withLock { state in
      state.isCancelled = true
      return state.server
    }
    server?.shutdown()
  }
}
