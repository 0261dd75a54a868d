internal import SystemPackage
internal import Synchronization

/// A running server, as it is handed to `onInitComplete` and to plugins. It may be kept, and used from any thread.
public final class Server: Sendable {
  /// The addresses as bound, with their real ports, in the order in which they were given.
  public let addresses: [SocketAddress]

  /// The event loops.
  public let loops: [EventLoop]

  /// The number of event loops.
  public var loopCount: Int { loops.count }

  /// The stream connections that are open now, over all loops.
  public var connectionCount: Int { loops.reduce(0) { $0 + $1.connectionLoad } }

  /// Ends the waits of the loops, and of the thread that accepts for them if there is one.
  private let wakers: [@Sendable () -> Void]
  private let reason = Lock<ServeError?>(nil)
  private let isStopping = Atomic<Bool>(false)

  init(addresses: [SocketAddress], loops: [EventLoop], wakers: [@Sendable () -> Void]) {
    self.addresses = addresses
    self.loops = loops
    self.wakers = wakers
  }

  /// Ends the server in order: it stops accepting, sends what is pending for at most `Options.drainTimeout`, calls
  /// `onClosed` for each connection, and `serve` returns.
  ///
  /// Returns at once. It may be called at any time, from any thread and any callback, and more than once.
  public func shutdown() {
    if isStopping.exchange(true, ordering: .acquiringAndReleasing) { return }
    for wake in wakers { wake() }
  }

  /// Ends the server as ``shutdown()`` does, and has `serve` throw `error`; if more than one call names an error, the
  /// first. For a plugin that finds in `started` that it cannot do its work: nothing is served then.
  public func shutdown(throwing error: ServeError) {
    reason.withLock { $0 = $0 ?? error }
    shutdown()
  }

  /// Ends the server because a loop's selector cannot wait any more.
  func shutdown(waitingFailedWith error: Errno) {
    shutdown(throwing: .system(operation: "waiting for events", address: nil, error))
  }

  /// The error that `serve` is to throw.
  var failure: ServeError? { reason.withLock { $0 } }

  var isShuttingDown: Bool { isStopping.load(ordering: .acquiring) }
}
