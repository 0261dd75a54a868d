/// A server that runs on threads of its own, from ``start(_:options:on:)-(_,_,[String])`` to its end.
///
/// Dropping it shuts the server down in order and waits. To keep a server running, keep this value.
public struct RunningServer: ~Copyable, Sendable {
  private let threads: ServerThreads

  init(_ threads: ServerThreads) { self.threads = threads }

  /// The server: its addresses, its loops, and ``Server/shutdown()``.
  public var server: Server { threads.server }

  /// Ends the server in order, as ``Server/shutdown()`` does. Returns at once.
  public func shutdown() { server.shutdown() }

  /// Waits until the server has ended: all of its connections, descriptors and threads are gone then.
  ///
  /// It may be called on any thread, by several, and more than once. Calling it from one of the server's own callbacks
  /// would wait for that callback, and is a precondition failure.
  ///
  /// - Throws: the error that ended the server, as ``serve(_:options:on:)-(_,_,[String])`` does; none after a shutdown.
  public func wait() throws(ServeError) {
    precondition(!threads.isCurrent, "RunningServer.wait: called by one of the server's callbacks")
    try threads.wait()
  }

  /// Has `body` called when the server has ended, on one of its threads, or at once if it has. For a program that waits
  /// for something else besides, such as a signal.
  public func whenEnded(_ body: @escaping @Sendable () -> Void) { threads.whenFinished(body) }

  deinit {
    server.shutdown()
    // A callback cannot wait for itself: the threads end on their own.
    if threads.isCurrent { threads.detach() } else { try? threads.wait() }
  }
}
