/// The state of a filter, as its ``ConnectionFilter/receive(_:_:reply:)`` answers.
public enum FilterState: Sendable, Hashable {
  /// The filter needs more bytes from the peer before the handler may send: a handshake, a header.
  case establishing

  /// The filter transforms bytes in both directions.
  ///
  /// With `peer`, that is ``Connection/remoteAddress`` from now on: the address that a proxy has told. Only the first
  /// `established` or `passThrough` of a filter counts, and only of the lowest filter that tells an address.
  case established(peer: SocketAddress? = nil)

  /// The filter has done its work: all bytes that it has left in `network`, and all that follow in both directions, go
  /// past it. With `peer`, as ``established(peer:)``.
  case passThrough(peer: SocketAddress? = nil)

  /// The peer has ended its stream: the handler learns of it as of the end of a socket's stream. Bytes that arrive
  /// afterwards are dropped.
  case ended

  /// Established, without an address.
  public static var established: FilterState { .established(peer: nil) }

  /// Done, without an address.
  public static var passThrough: FilterState { .passThrough(peer: nil) }
}
