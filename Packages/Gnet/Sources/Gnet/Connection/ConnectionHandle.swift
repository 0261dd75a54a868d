/// A connection, or the peer of a datagram, for use from any thread and at any time, also after it has gone.
///
/// The calls of one thread take effect in their order, on the connection's own loop: bytes written here and by
/// its callbacks never mix within one call. After `close()` and after the end of the connection all report `false`,
/// but for `abort()`, which ends also a connection that is closing.
public struct ConnectionHandle: Sendable, Hashable {
  private let queue: HandleQueue

  init(_ queue: HandleQueue) { self.queue = queue }

  /// Whether the connection takes calls; it may be gone by the time the answer is used.
  public var isOpen: Bool { queue.isOpen }

  /// Writes bytes to the peer; on a datagram's handle, sends them as one datagram.
  ///
  /// - Returns: `true` if the bytes are on their way. `false` if the connection is gone or closing, or, with
  ///   ``isOpen`` still true, if `Options.outboundHighWatermark` bytes are waiting already: the bytes were not
  ///   taken, and it is for the caller to slow down.
  @discardableResult
  public func write(_ bytes: [UInt8]) -> Bool { queue.write(bytes.span) }

  /// Writes the text's UTF-8 to the peer, as the other `write` does.
  @discardableResult
  public func write(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { unsafe queue.write($0.span) }
  }

  /// Has `react` called on the connection's loop, also if no bytes arrive. Wakes that have not been served
  /// yet become one.
  @discardableResult
  public func wake() -> Bool { queue.wake() }

  /// Closes the connection when what was written has been sent. On a datagram's handle it does nothing and
  /// returns `false`.
  @discardableResult
  public func close() -> Bool { queue.close() }

  /// Ends the connection at once, for a peer that does not read what it is sent: bytes that wait are dropped, and
  /// `onClosed` is told `Errno.connectionAbort`. On a datagram's handle it does nothing and returns `false`.
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
