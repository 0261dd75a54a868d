public import SystemPackage

/// An address to serve on, and the service that is spoken there.
///
/// ```swift
/// try serve([
///   Listener("tcp://:6379", Service { _ in RedisSession() }),
///   Listener("unix:///run/admin.sock", Service { _ in AdminSession() }),
/// ])
/// ```
public struct Listener: Sendable {
  /// The address, as for ``serve(_:options:on:)-(_,_,String...)``: `[scheme://]host:port[?reuseport=true]`, `unix://` and a
  /// path, or a socket that the process was started with: `fd://` and its descriptor, `systemd://` and its name.
  public var address: String

  /// The service. An address of datagrams takes a service of ``Events``.
  public var service: Service

  /// Makes the filter of each connection, which is established before `opened`; `nil`: none. Not for datagrams.
  public var filter: ConnectionFilter.Factory?

  /// Whether connections begin with a header of the PROXY protocol, which comes before the filter. Not for datagrams.
  ///
  /// Bytes that come together with the header are offered right behind `opened`, also to a handler that pauses reading there.
  public var proxyProtocol = ProxyProtocol.off

  /// The number of connections that may wait to be accepted; the kernel clamps it. Corresponds to `listen(2)`. A socket that
  /// listens already keeps the number that it has.
  public var backlog = 65535

  /// Creates a listener.
  public init(
    _ address: String, _ service: Service, filter: ConnectionFilter.Factory? = nil,
    proxyProtocol: ProxyProtocol = .off, backlog: Int = 65535
  ) {
    self.address = address
    self.service = service
    self.filter = filter
    self.proxyProtocol = proxyProtocol
    self.backlog = backlog
  }

  /// Creates a listener on a socket that is bound already: the same as for the address `fd://` and the number of the descriptor.
  ///
  /// A TCP or unix socket that does not listen yet is made to. When the server has started, the descriptor is closed, and the
  /// server has another one for the socket; when it cannot start, the descriptor is the caller's again. The path of a unix
  /// socket is not removed at the end.
  public init(
    inheriting descriptor: FileDescriptor, _ service: Service, filter: ConnectionFilter.Factory? = nil,
    proxyProtocol: ProxyProtocol = .off, backlog: Int = 65535
  ) {
    self.init(
      "fd://\(descriptor.rawValue)", service, filter: filter, proxyProtocol: proxyProtocol, backlog: backlog)
  }

  /// The factories of each connection's filters, the filter next to the socket first.
  ///
  /// - Throws: where ``proxyProtocol`` trusts a network that cannot be understood.
  func filters() throws(ServeError) -> [ConnectionFilter.Factory] {
    [try proxyProtocol.filter(), filter].compactMap(\.self)
  }

  /// Whether the address is one of datagrams. For a socket that the process was given, the system is asked.
  ///
  /// An address that cannot be served is not one of datagrams.
  public var isDatagram: Bool {
    (try? ListenerSource(self, after: [], Predecessor.current?.handedOver).isDatagram(Kernel.shared)) ?? false
  }
}
