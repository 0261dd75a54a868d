internal import CGnet
internal import Poller
internal import RingBuffer
public import SystemPackage

/// A connection as a callback sees it, or the peer of a datagram.
///
/// It is a view that is lent for the length of the callback: storing it or taking it to another thread does not
/// compile. Other threads use its ``handle``.
public struct Connection: ~Copyable {
  let state: ConnectionSlot

  init(_ state: ConnectionSlot) {
    assert(state.pointee.isInCallback || state.pointee.isDatagramPeer, "a connection is lent outside of a callback")
    self.state = state
  }

  /// Anything that the program wants to keep with the connection; released when the connection has ended.
  public var context: AnyObject? {
    get { state.pointee.context }
    nonmutating set { state.pointee.context = newValue }
  }

  /// The index of the address, among those given to `serve`, that the peer has come to; -1 for an outbound connection, and
  /// for one that was handed in by ``EventLoop/adopt(_:_:)-(DetachedConnection,_)``.
  public var addressIndex: Int { Int(state.pointee.addressIndex) }

  /// Whether this side has established the connection, by ``EventLoop/connect(to:options:_:onFailure:)-(_,_,Service,_)``.
  public var isOutbound: Bool { state.pointee.isOutbound }

  /// This side's address; for a datagram to a socket on all interfaces, where the system tells, the one that the peer
  /// has sent it to. Corresponds to `getsockname(2)`.
  public var localAddress: SocketAddress {
    state.pointee.knownLocal ?? (try? system.localAddress(of: state.pointee.fd)) ?? SocketAddress(.unix(path: ""))
  }

  /// The peer's address.
  public var remoteAddress: SocketAddress { state.pointee.remote }

  /// The loop that the connection belongs to for life.
  public var loop: EventLoop { unsafe state.pointee.loop }

  /// The index of ``loop``. Cheaper than `loop.index`, which retains the loop.
  public var loopIndex: Int { unsafe state.pointee.loop.index }

  /// The bytes written that the kernel has not taken yet.
  public var pendingWriteCount: Int { state.pendingWriteCount }

  /// Whether the peer has ended its stream: no more input will come.
  public var isInputEnded: Bool { state.pointee.life.flags.contains(.inputEnded) }

  /// Whether input is left to the kernel for now, which holds the peer up. For a handler that leaves bytes unread
  /// because it is busy with earlier ones: what waits for it stays bounded.
  ///
  /// Meanwhile `react` is called for wakes only, and the end of the peer's stream is not noticed. When the peer is gone
  /// altogether, what it had sent is read nevertheless, since no more can come. Setting it back
  /// continues with what has arrived, but does not call `react` for bytes that were left before.
  /// Does nothing for a datagram.
  public var isReadingPaused: Bool {
    get { state.pointee.life.flags.contains(.readingPaused) }
    nonmutating set {
      if newValue {
        state.pointee.life.flags.insert(.readingPaused)
      } else {
        state.pointee.life.flags.remove(.readingPaused)
      }
    }
  }

  /// A value that may go anywhere: it writes to, wakes and closes this connection from any thread, at any time.
  public var handle: ConnectionHandle {
    if let existing = state.pointee.handleQueue {
      assert(existing.token == state.pointee.token, "a handle of an earlier connection of the slot")
      return ConnectionHandle(existing)
    }
    let made = HandleQueue(of: state.pointee)
    // The peer of a datagram passes with its callback: each handle is one of its own.
    if state.pointee.life.isOpen { state.pointee.handleQueue = made }
    return ConnectionHandle(made)
  }

  /// Has `react` called once more, also if no bytes arrive, when this callback is over.
  public func wake() {
    state.pointee.life.flags.insert(.wakeRequested)
  }

  /// Closes the connection when what was written has been sent. Input that arrives from now on is not offered
  /// to `react`. Does nothing for a datagram.
  ///
  /// A peer that does not read keeps it open until `Options.idleTimeout`, the time of ``setTimeout(_:)``, or
  /// ``ConnectionHandle/abort()``.
  public func close() {
    state.pointee.end(.close)
  }

  /// Ends the connection when this callback is over: output that waits is dropped, `closed` is told
  /// `Errno.connectionAbort`, and a TCP peer gets a reset, so that it does not take this for the end of the stream.
  /// Does nothing for a datagram.
  public func abort() {
    guard !state.pointee.isDatagramPeer else { return }
    state.pointee.life.flags.insert(.aborted)
    state.pointee.lentOutput.pointee.removeAll()
  }

  /// Ends the output: when the written bytes have been sent, the peer learns that nothing more will come. Input goes
  /// on; when that ends too, the connection is closed. Bytes written from now on are dropped. Does nothing for a
  /// datagram.
  ///
  /// Corresponds to `shutdown(2)` with `SHUT_WR`.
  public func endOutput() {
    if !state.pointee.isDatagram { state.pointee.life.flags.insert(.outputEnding) }
  }

  /// Whether as much output waits as `Options.outboundHighWatermark` says. A handler that answers many requests out of
  /// one buffer stops here and leaves the rest, which is offered again when the output has drained, whether or not more
  /// arrives.
  public var isOutputFull: Bool { state.isOutputFull }

  /// Has the handler told when `delay` has passed, counted from this call: `timedOut`, or `Events.onTimeout`.
  ///
  /// A connection has one such time: set again it moves, with `nil` it is taken back. It goes with the connection.
  /// Moving it costs a reading of the clock and no allocation. Does nothing for a datagram.
  public func setTimeout(_ delay: Duration?) {
    guard state.pointee.life.isStream || state.pointee.isOutbound else { return }
    let earlier = state.pointee.timeout
    // By a reference that counts nothing: a retain and a release would cost more than the rest.
    let loop = unsafe Unmanaged.passUnretained(state.pointee.loop)
    let timeout =
      delay.map { delay in
        unsafe loop._withUnsafeGuaranteedRef { $0.deadline(after: delay) }
      } ?? .never
    // The timer is looked at only when it may be too late: a deadline that is put off is found out by the timer.
    if earlier == .never || timeout < earlier { state.pointee.life.flags.insert(.hasRequests) }
    state.pointee.timeout = timeout
  }

  /// Hands the connection over to another service when this callback is over: another protocol from the next byte on.
  ///
  /// The current handler is destroyed without `closed`. The new handler is made, `opened`, and offered the unread
  /// bytes, or told of the end of the peer's stream if that has come already. The context stays. Does nothing for a
  /// datagram.
  public func become(_ service: Service) { become(.service(service)) }

  /// Hands the connection over to another handler when this callback is over, as ``become(_:)-(Service)`` does: for a
  /// handler that only this connection has, which takes less than a service.
  @inlinable
  public func become<Handler: ConnectionHandler & ~Copyable>(_ handler: consuming Handler) {
    become(.value(GivenHandler(handler, on: loop)))
  }

  @usableFromInline
  func become(_ successor: consuming HandlerSource) {
    guard !state.pointee.isDatagramPeer else { return }
    state.pointee.successor = .some(successor)
    state.pointee.life.flags.insert(.hasRequests)
  }

  /// Whether the server has begun to shut down: from ``Server/shutdown()`` on, before the connection's handler is asked how
  /// to end.
  public var isShuttingDown: Bool { unsafe state.pointee.loop.isShuttingDown }

  /// Calls `body` with the connection's descriptor, for what only the system can tell or set: credentials, options,
  /// `TCP_INFO`. The descriptor is the connection's: it must not be closed, read from or written to.
  public func withFileDescriptor<R>(_ body: (FileDescriptor) throws -> R) rethrows -> R {
    state.pointee.isDescriptorShared = true
    return try body(FileDescriptor(rawValue: state.pointee.fd))
  }

  /// Probes the peer whenever it has been silent for `interval`, rounded up to seconds; `nil` for never.
  /// Does nothing on a unix socket. Corresponds to `setsockopt(2)` with `SO_KEEPALIVE`.
  public func setKeepAlive(_ interval: Duration?) throws(Errno) {
    guard state.pointee.isTCP else { return }
    try system.setKeepAlive(of: state.pointee.fd, interval)
  }

  /// Whether small writes leave at once instead of waiting to be joined. Does nothing on a unix socket.
  /// Corresponds to `setsockopt(2)` with `TCP_NODELAY`.
  public func setNoDelay(_ on: Bool) throws(Errno) {
    guard state.pointee.isTCP else { return }
    try system.set(CGNET_NO_DELAY, on ? 1 : 0, of: state.pointee.fd)
  }

  private var system: any SystemCalls { unsafe state.pointee.loop.system }
}
