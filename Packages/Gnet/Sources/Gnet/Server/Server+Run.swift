extension Server {
  /// Serves `events` on `addresses` until the server is shut down or the task is cancelled, which shuts it down in
  /// order.
  ///
  /// The task is suspended meanwhile and occupies no thread of Swift's pool. Otherwise this is `serve`:
  /// `onInitComplete` is called where the task runs.
  ///
  /// - Throws: what `serve` throws. Cancellation is no error.
  public static func run(
    _ events: Events, options: Options = Options(), on addresses: [String]
  ) async throws(ServeError) {
    var events = events
    let initialise = events.onInitComplete
    events.onInitComplete = { server in Task.isCancelled ? .shutdown : initialise?(server) ?? .none }
    try await run(ServerThreads.start(try ServerPlan(events, options, on: addresses)))
  }

  /// Serves `events` on `addresses` until the server is shut down or the task is cancelled.
  public static func run(
    _ events: Events, options: Options = Options(), on addresses: String...
  ) async throws(ServeError) {
    try await run(events, options: options, on: addresses)
  }

  /// Serves several services, each on its own addresses, until the server is shut down or the task is cancelled, which
  /// shuts it down in order.
  ///
  /// - Parameters:
  ///   - listeners: the addresses and their services.
  ///   - options: the options of the server.
  ///   - started: called where the task runs, when every address is bound and the server runs.
  /// - Throws: what ``serve(_:options:)`` throws. Cancellation is no error.
  public static func run(
    _ listeners: [Listener], options: Options = Options(), started: (@Sendable (Server) -> Void)? = nil
  ) async throws(ServeError) {
    let threads = try ServerThreads.start(ServerPlan(listeners, options))
    started?(threads.server)
    try await run(threads)
  }

  private static func run(_ threads: ServerThreads) async throws(ServeError) {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in threads.whenFinished { continuation.resume() } }
    } onCancel: {
      threads.server.shutdown()
    }
    try threads.wait()
  }
}
