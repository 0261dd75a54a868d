/// A connection, or the peer of a datagram, for use from any thread and at any time, also after it has gone.
///
/// The calls of one thread take effect in their order, on the connection's own loop: bytes written here and by
/// its callbacks never mix within one call. After `close()` and after the end of the connection all report `false`,
/// but for `abort()`, which ends also a connection that is closing.
public struct ConnectionHandle: Sendable, Hashable {
  let queue: HandleQueue

  init(_ queue: HandleQueue) { self.queue = queue }

  /// Whether the connection takes calls; it may be gone by the time the answer is used.
  public var isOpen: Bool { queue.isOpen }

  /// The outcome of an offer of bytes.
  public enum Offer: Sendable, Hashable {
    /// The bytes are on their way.
    case taken
    /// `Options.outboundHighWatermark` bytes are waiting already: the bytes were not taken. Offer them again when the
    /// connection's handler is told that its output has drained, or give them up.
    case full
    /// The connection has gone or is closing: the bytes were not taken, and none will be.
    case gone
  }

  /// Writes bytes to the peer, unless too many wait; on a datagram's handle, sends them as one datagram.
  ///
  /// No callback tells when a datagram that was refused could be sent. Give it up, or offer it again after a time.
  public func offer(_ bytes: RawSpan) -> Offer { queue.offer(bytes) }

  /// Writes bytes to the peer, unless too many wait.
  public func offer(_ bytes: Span<UInt8>) -> Offer { unsafe queue.offer(bytes.bytes) }

  /// Writes bytes to the peer, unless too many wait.
  public func offer(_ bytes: [UInt8]) -> Offer { offer(bytes.span) }

  /// Writes bytes to the peer; on a datagram's handle, sends them as one datagram.
  ///
  /// - Returns: whether the bytes are on their way; ``offer(_:)-(RawSpan)`` tells why not.
  @discardableResult
  public func write(_ bytes: RawSpan) -> Bool { offer(bytes) == .taken }

  /// Writes bytes to the peer, as the other `write` does.
  @discardableResult
  public func write(_ bytes: Span<UInt8>) -> Bool { offer(bytes) == .taken }

  /// Writes bytes to the peer, as the other `write` does.
  @discardableResult
  public func write(_ bytes: [UInt8]) -> Bool { offer(bytes) == .taken }

  /// Writes bytes to the peer, as the other `write` does.
  @discardableResult
  public func write(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.withContiguousStorageIfAvailable { unsafe offer($0.span) == .taken } ?? write(Array(bytes))
  }

  /// Writes the text's UTF-8 to the peer, as the other `write` does.
  @discardableResult
  public func write(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { unsafe offer($0.span) == .taken }
  }

  /// Has `body` called with the connection, on its loop and in order with this thread's writes. Its action is applied
  /// as that of every callback.
  ///
  /// The body runs also while output is above the watermark, and while reading is paused. On a datagram's handle it does
  /// nothing and returns `false`.
  ///
  /// - Returns: `false` if the connection is gone or closing: the body is not called. It is not called either if the
  ///   connection ends before its turn comes.
  @discardableResult
  public func perform(_ body: sending @escaping (inout Connection) -> Action) -> Bool { queue.perform(body) }

  /// Calls `body` with the connection at once, for code that runs on the connection's loop: a callback of another
  /// connection, a timer, a task. So two connections of a loop reach each other without a queue.
  ///
  /// The body's writes leave when the callback that is running is over. There is no answer to give:
  /// ``Connection/close()`` and the like do it.
  ///
  /// - Returns: what `body` returns; `nil`, without calling it, on other threads, from the connection's own callbacks,
  ///   and when the connection has gone. On a datagram's handle it does nothing.
  public func withConnection<R>(_ body: (inout Connection) -> R) -> R? { queue.withConnection(body) }

  /// Has `react` called on the connection's loop, also if no bytes arrive. Wakes that have not been served
  /// yet become one.
  @discardableResult
  public func wake() -> Bool { queue.wake() }

  /// Closes the connection when what was written has been sent. On a datagram's handle it does nothing and
  /// returns `false`.
  @discardableResult
  public func close() -> Bool { queue.close() }

  /// Ends the connection at once, for a peer that does not read: waiting bytes are dropped, `onClosed` is told
  /// `Errno.connectionAbort`, and a TCP peer gets a reset. On a datagram's handle it does nothing and returns `false`.
  ///
  /// It may follow `close()`, which waits as long as the peer takes; it returns `false` when the connection has gone or
  /// is aborted already.
  @discardableResult
  public func abort() -> Bool { queue.abort() }

  /// Whether both are handles of one connection.
  public static func == (left: ConnectionHandle, right: ConnectionHandle) -> Bool { left.queue === right.queue }

  /// Hashes the connection's identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(queue)) }
}
