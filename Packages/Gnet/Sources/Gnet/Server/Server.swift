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
  /// Deals outbound connections to the loops.
  private let balancer: Lock<LoadBalancer>

  /// The loops that have the datagram sockets, by the indexes of the addresses; `nil` for addresses of streams.
  private let datagramLoops: [EventLoop?]
  /// Whether a thread of its own still accepts connections for the loops.
  private let hasAcceptor: Atomic<Bool>
  /// Hands the listeners over to a successor.
  let succession: Succession

  init(
    addresses: [SocketAddress], loops: [EventLoop], hasAcceptor: Bool, datagramLoops: [EventLoop?],
    loadBalancing: LoadBalancing, wakers: [@Sendable () -> Void], succession: Succession
  ) {
    self.addresses = addresses
    self.loops = loops
    self.wakers = wakers
    self.hasAcceptor = Atomic(hasAcceptor)
    self.datagramLoops = datagramLoops
    self.succession = succession
    balancer = Lock(LoadBalancer(loadBalancing, over: loops))
    assert(!loops.isEmpty && loops.indices.allSatisfy { loops[$0].index == $0 })
    assert(addresses.count == datagramLoops.count && wakers.count == loops.count + (hasAcceptor ? 1 : 0))
  }

  /// Ends the server in order, within `Options.drainTimeout`: it takes in the connections that wait to be accepted, closes
  /// its listeners, offers what has arrived, and asks every connection how to end (`shuttingDown`, or
  /// `Events.onShutdown`; without an answer they are closed when their output has been sent). Handles and jobs are served
  /// until the last connection has ended; then `serve` returns.
  ///
  /// Returns at once. It may be called at any time, from any thread and any callback, and more than once.
  public func shutdown() {
    if isStopping.exchange(true, ordering: .acquiringAndReleasing) { return }
    succession.shutDown()
    for loop in loops { loop.noteShutdown() }
    for wake in wakers { wake() }
  }

  /// Sends one datagram to anyone, from one of the server's addresses.
  ///
  /// Nobody hears of it when a datagram is lost.
  ///
  /// - Parameters:
  ///   - bytes: the payload.
  ///   - peer: the receiver, an IP address.
  ///   - addressIndex: the index of the address to send from, among those given to `serve`.
  /// - Returns: `false` if that is an address of streams, and after the server's end.
  @discardableResult
  public func send(_ bytes: RawSpan, to peer: SocketAddress, from addressIndex: Int) -> Bool {
    precondition(datagramLoops.indices.contains(addressIndex), "Server.send: there is no address \(addressIndex)")
    guard peer.family != .unix, let loop = datagramLoops[addressIndex] else { return false }
    return HandleQueue(to: peer, addressIndex: addressIndex, on: loop).offer(bytes) == .taken
  }

  /// Sends one datagram to anyone, as the other `send` does.
  @discardableResult
  public func send(_ bytes: Span<UInt8>, to peer: SocketAddress, from addressIndex: Int) -> Bool {
    unsafe send(bytes.bytes, to: peer, from: addressIndex)
  }

  /// Sends one datagram to anyone, as the other `send` does.
  @discardableResult
  public func send(_ bytes: [UInt8], to peer: SocketAddress, from addressIndex: Int) -> Bool {
    send(bytes.span, to: peer, from: addressIndex)
  }

  /// The loop for a connection to an address.
  @usableFromInline
  func loopForConnecting(to address: String) -> EventLoop {
    balancer.withLock { $0.loop { SocketAddress(.unix(path: address)).hostHash } }
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

  /// The error that ends the server and that `serve` is to throw; `nil` while there is none. Plugins may look at it in
  /// `stopped`.
  public var failure: ServeError? { reason.withLock { $0 } }

  /// Whether connections may still come from the acceptor: a shutdown waits until it has dealt all that were waiting.
  var isAccepting: Bool { hasAcceptor.load(ordering: .acquiring) }

  /// The number of threads that the server needs, before it has begun to shut down.
  var runnerCount: Int { isAccepting ? loopCount + 1 : loopCount }

  /// Has a shutdown go on, since the acceptor deals no more connections.
  func noteAcceptorEnded() {
    assert(isAccepting && isShuttingDown)
    hasAcceptor.store(false, ordering: .releasing)
    for wake in wakers { wake() }
  }

  /// Whether the server has begun to shut down, or has ended.
  public var isShuttingDown: Bool { isStopping.load(ordering: .acquiring) }
}
