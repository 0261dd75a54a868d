public import RingBuffer

/// The handler of one connection, on its loop's thread: one value per connection, owned by the connection.
///
/// A handler keeps a connection's state in its own properties: nothing else touches it, so there are no locks, and it
/// may be noncopyable. Every requirement but ``react(_:_:)`` has a default; a misspelt one is never called, so these are
/// the signatures in full:
///
/// ```swift
/// struct Counter: ConnectionHandler {
///   var byteCount = 0
///
///   mutating func opened(_ connection: inout Connection) -> Action {
///     connection.write("hello\n")
///     return .none
///   }
///   mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
///     byteCount += input.count
///     input.removeAll()
///     return .none
///   }
///   mutating func drained(_ connection: inout Connection) -> Action { .none }
///   mutating func timedOut(_ connection: inout Connection) -> Action { .close }
///   mutating func shuttingDown(_ connection: inout Connection) -> Action { .close }
///   consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
///     print("\(connection.remoteAddress) has sent \(byteCount) bytes")
///   }
///   consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) {}
/// }
///
/// let service = Service { _ in Counter() }
/// ```
///
/// Calls come in this order: `opened`, then any of `react`, `drained`, `timedOut` and `shuttingDown`, then exactly one
/// of `closed` and `detached`. They never overlap.
public protocol ConnectionHandler: ~Copyable, SendableMetatype {
  /// Whether the two directions of a connection are independent of each other, as in a relay. The default is `false`.
  ///
  /// Then the end of the peer's stream ends no output, whatever `Options.allowHalfClosure` says: ``react(_:_:)`` is called
  /// once more with ``Connection/isInputEnded``, or ``closed(_:_:)`` if this side has ended its output before. And output above the watermark holds no input up: a handler that answers on
  /// the same connection must look at ``Connection/isOutputFull`` itself.
  static var isFullDuplex: Bool { get }

  /// Called once, before anything else. Its output goes out first. The default answers `.none`.
  mutating func opened(_ connection: inout Connection) -> Action

  /// Called when bytes have arrived, and after a wake. The buffer holds all unread bytes; what is left in it is there
  /// again the next time.
  ///
  /// Never called while pending output is at or above `Options.outboundHighWatermark`: a handler that answers many
  /// requests out of one buffer stops at ``Connection/isOutputFull`` and leaves the rest, which is offered again when
  /// the output has drained.
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action

  /// Called when pending output has fallen to `Options.outboundLowWatermark` after having reached the high watermark.
  /// ``react(_:_:)`` follows when unread bytes are left. The default answers `.none`.
  mutating func drained(_ connection: inout Connection) -> Action

  /// Called when the time of ``Connection/setTimeout(_:)`` has passed; what had arrived by then has been offered to
  /// ``react(_:_:)`` before. `.close`, which is the default, closes with `Errno.timedOut`.
  ///
  /// A close waits for pending output. If the connection is closing or detaching already, `.close` ends it at once and drops
  /// the output that its peer has not taken; `.none` lets it go on.
  mutating func timedOut(_ connection: inout Connection) -> Action

  /// Called once when the server begins to shut down; what had arrived was offered to ``react(_:_:)`` before.
  ///
  /// With `.none` the connection goes on until it closes itself or `Options.drainTimeout` is over. The default answers
  /// `.close`.
  mutating func shuttingDown(_ connection: inout Connection) -> Action

  /// Called once, after everything else, unless the connection was detached: with no error when the peer has ended its
  /// stream and when this side closed it, otherwise with the `Errno` that ended it, or the error that a ``ConnectionFilter``
  /// has thrown. The default does nothing.
  consuming func closed(_ connection: inout Connection, _ error: (any Error)?)

  /// Called instead of ``closed(_:_:)`` when the connection was detached, which belongs to the callee from here. The
  /// default drops it, which closes the descriptor.
  consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection)
}

extension ConnectionHandler where Self: ~Copyable {
  /// Output that is full holds the input up.
  @inlinable
  public static var isFullDuplex: Bool { false }

  /// Does nothing.
  @inlinable
  public mutating func opened(_ connection: inout Connection) -> Action { .none }

  /// Does nothing.
  @inlinable
  public mutating func drained(_ connection: inout Connection) -> Action { .none }

  /// Closes the connection, with `Errno.timedOut`.
  @inlinable
  public mutating func timedOut(_ connection: inout Connection) -> Action { .close }

  /// Closes the connection.
  @inlinable
  public mutating func shuttingDown(_ connection: inout Connection) -> Action { .close }

  /// Does nothing.
  @inlinable
  public consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {}

  // Not inlinable: 6.3.1's optimizer ends with an assertion where it would inline the end of `detached`.
  /// Drops the connection, which closes the descriptor.
  public consuming func detached(_ connection: inout Connection, _ detached: consuming DetachedConnection) {}
}
