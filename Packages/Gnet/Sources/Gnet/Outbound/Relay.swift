public import RingBuffer

/// The handler of one end of a relay: passes everything that its connection receives on to another connection.
///
/// Two relays that name each other's connections join these into one, as a proxy does: bytes, the end of a stream and
/// resets pass both ways, and a slow receiver holds its sender up. On one loop, bytes move from input to output without
/// being copied where the storage can be exchanged, one receive and one send a chunk.
///
/// A relay is a handler of its own, or a part of one that does more:
///
/// ```swift
/// /// Counts the open connections to a backend.
/// struct Back: ConnectionHandler {
///   var relay: Relay
///   let backend: Backend
///
///   static var isFullDuplex: Bool { true }
///
///   mutating func opened(_ connection: inout Connection) -> Action {
///     backend.connectionCount += 1
///     return relay.opened(&connection)
///   }
///   mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
///     relay.react(&connection, &input)
///   }
///   mutating func drained(_ connection: inout Connection) -> Action { relay.drained(&connection) }
///   mutating func shuttingDown(_ connection: inout Connection) -> Action { relay.shuttingDown(&connection) }
///   consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
///     backend.connectionCount -= 1
///     relay.closed(&connection, error)
///   }
/// }
///
/// final class Backend { var connectionCount = 0 }
/// ```
///
/// `Options.idleTimeout` ends a relay on which nothing moves, also one whose peer has ended only its own stream.
public struct Relay: ConnectionHandler {
  /// The other end.
  public let other: ConnectionHandle
  /// The token of the other end, once it is known to be on this end's loop.
  private var token = ConnectionToken.none
  /// Whether the end of the stream was passed on: the other connection takes no output any more, and goes on.
  private var hasPassedEnd = false

  /// Makes the end of a relay whose other end is `other`: a connection that is open. The other end needs a relay too, to
  /// this connection.
  public init(to other: ConnectionHandle) { self.other = other }

  /// The directions have nothing to do with each other here.
  public static var isFullDuplex: Bool { true }

  /// Closes the connection if the other one has gone before.
  public mutating func opened(_ connection: inout Connection) -> Action { other.queue.hasGone ? .close : .none }

  /// Passes on the arrived bytes, and the end of the stream behind them.
  public mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    if token == .none { token = connection.token(of: other) }
    switch connection.forward(&input, to: other, at: token) {
    case .taken:
      if connection.isInputEnded {
        hasPassedEnd = true
        Self.reach(other) { $0.endOutput() }
      }
    case .full:
      // `drained` of the other end goes on.
      connection.isReadingPaused = true
    case .gone:
      // The other end tells how it has ended, when its own input is exhausted: in order, or by a reset.
      if !hasPassedEnd { input.removeAll() }
    }
    assert(input.isEmpty || connection.isReadingPaused || hasPassedEnd, "nobody comes back for the bytes")
    return .none
  }

  /// Goes on with the other end's input, for which there was no place.
  public mutating func drained(_ connection: inout Connection) -> Action {
    Self.reach(other) { source in
      source.isReadingPaused = false
      source.wake()
    }
    return .none
  }

  /// Goes on: a relay ends with its peers, or with `Options.drainTimeout`.
  public mutating func shuttingDown(_ connection: inout Connection) -> Action { .none }

  /// Ends the other end in the same way: in order, or by a reset.
  public consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
    let isFailure = error != nil
    let isReached: Void? = other.withConnection { if isFailure { $0.abort() } else { $0.close() } }
    if isReached != nil { return }
    if isFailure { other.abort() } else { other.close() }
  }

  /// Calls `body` with a connection: at once, or on its own loop.
  @inline(__always)
  private static func reach(_ handle: ConnectionHandle, _ body: @escaping @Sendable (inout Connection) -> Void) {
    if handle.withConnection(body) != nil { return }
    handle.perform { connection in
      body(&connection)
      return .none
    }
  }
}
