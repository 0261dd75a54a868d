internal import CGnet
public import SystemPackage

/// A connection as a callback sees it, or the peer of a datagram.
///
/// It is a view that is lent for the length of the callback: storing it or taking it to another thread does not
/// compile. What other threads need is ``handle``.
public struct Connection: ~Copyable {
  let state: ConnectionSlot

  init(_ state: ConnectionSlot) { self.state = state }

  /// Anything that the program wants to keep with the connection; released when the connection has ended.
  public var context: AnyObject? {
    get { state.pointee.context }
    nonmutating set { state.pointee.context = newValue }
  }

  /// Which of the addresses given to `serve` the peer has come to, counted from 0.
  public var addressIndex: Int { state.pointee.addressIndex }

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
  public var pendingWriteCount: Int { state.pointee.pendingWriteCount }

  /// Whether the peer has ended its stream: no more input will come.
  public var isInputEnded: Bool { state.pointee.life.flags.contains(.inputEnded) }

  /// Whether what arrives is left to the kernel for now, which holds the peer up. For a handler that leaves bytes
  /// unread because it is busy with earlier ones: what waits for it stays bounded.
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
    if let existing = state.pointee.handleQueue { return ConnectionHandle(existing) }
    let made = HandleQueue(of: state.pointee)
    // The peer of a datagram passes with its callback: each handle is one of its own.
    if state.pointee.life.phase == .open { state.pointee.handleQueue = made }
    return ConnectionHandle(made)
  }

  /// Has `react` called once more, also if no bytes arrive, when this callback is over.
  public func wake() {
    state.pointee.life.flags.insert(.wakeRequested)
  }

  /// Closes the connection when what was written has been sent. Input that arrives from now on is not offered
  /// to `react`. Does nothing for a datagram.
  ///
  /// A peer that does not read keeps it open until `Options.idleTimeout`, or ``ConnectionHandle/abort()``.
  public func close() {
    state.pointee.end(.close)
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
