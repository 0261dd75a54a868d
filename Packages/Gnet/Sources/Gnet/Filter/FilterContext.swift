/// The connection that a filter is made for.
public struct FilterContext: Sendable, Hashable {
  /// Whether this side has established the connection, which makes it the client of a handshake.
  public var isOutbound: Bool

  /// The host of an outbound connection as it stands in the address, or the path of a unix socket; `nil` for an inbound
  /// connection, and for one that the program has handed over by `EventLoop.adopt`.
  public var requestedName: String?

  /// This side's address.
  public var localAddress: SocketAddress

  /// The peer's address; behind a proxy that has told the client's address, that address.
  public var remoteAddress: SocketAddress

  /// Creates a context: for a test of a filter, without a connection.
  public init(
    isOutbound: Bool, requestedName: String? = nil, localAddress: SocketAddress, remoteAddress: SocketAddress
  ) {
    self.isOutbound = isOutbound
    self.requestedName = requestedName
    self.localAddress = localAddress
    self.remoteAddress = remoteAddress
  }
}
