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

  /// Whether a thread of its own still accepts connections for the loops.
  private let hasAcceptor: Atomic<Bool>

  init(addresses: [SocketAddress], loops: [EventLoop], hasAcceptor: Bool, wakers: [@Sendable () -> Void]) {
    self.addresses = addresses
    self.loops = loops
    self.wakers = wakers
    self.hasAcceptor = Atomic(hasAcceptor)
  }

  /// Ends the server in order, within `Options.drainTimeout`: it takes in the connections that wait to be accepted, closes
  /// its listeners, offers what has arrived, and asks every connection how to end (`shuttingDown`, or
  /// `Events.onShutdown`; without an answer they are closed when their output has been sent). Handles and jobs are served
  /// until the last connection has ended; then `serve` returns.
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

  /// Whether connections may still come from the acceptor: a shutdown waits until it has dealt all that were waiting.
  var isAccepting: Bool { hasAcceptor.load(ordering: .acquiring) }

  /// Has a shutdown go on, since the acceptor deals no more connections.
  func noteAcceptorEnded() {
    hasAcceptor.store(false, ordering: .releasing)
    for wake in wakers { wake() }
  }

  var isShuttingDown: Bool { isStopping.load(ordering: .acquiring) }
}
