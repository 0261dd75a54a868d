internal import Poller
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

  /// The loops, and the thread that accepts for them if there is one.
  private let all: [EventLoop]
  private let reason = Lock<ServeError?>(nil)
  private let isStopping = Atomic<Bool>(false)

  init(addresses: [SocketAddress], loops: [EventLoop], all: [EventLoop]) {
    self.addresses = addresses
    self.loops = loops
    self.all = all
  }

  /// Ends the server in order: it stops accepting, sends what is pending for at most `Options.drainTimeout`, calls
  /// `onClosed` for each connection, and `serve` returns.
  ///
  /// Returns at once. It may be called at any time, from any thread and any callback, and more than once.
  public func shutdown() {
    if isStopping.exchange(true, ordering: .acquiringAndReleasing) { return }
    for loop in all { loop.waker.wake() }
  }

  /// Ends the server as ``shutdown()`` does, and has `serve` throw `error`; if more than one call names an error, the
  /// first. For a plugin that finds in `started` that it cannot do its work: nothing is served then.
  public func shutdown(throwing error: ServeError) {
    reason.withLock { $0 = $0 ?? error }
    shutdown()
  }

  /// What `serve` is to throw.
  var failure: ServeError? { reason.withLock { $0 } }

  var isShuttingDown: Bool { isStopping.load(ordering: .acquiring) }
}
