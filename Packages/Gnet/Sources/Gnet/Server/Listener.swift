/// An address to serve on, and the service that is spoken there.
///
/// ```swift
/// try serve([
///   Listener("tcp://:6379", Service { _ in RedisSession() }),
///   Listener("unix:///run/admin.sock", Service { _ in AdminSession() }),
/// ])
/// ```
public struct Listener: Sendable {
  /// The address, as for ``serve(_:options:on:)-(_,_,String...)``: `[scheme://]host:port[?reuseport=true]`, or `unix://`
  /// and a path.
  public var address: String

  /// The service. An address of datagrams takes a service of ``Events``.
  public var service: Service

  /// Makes the filter of each connection, which is established before `opened`; `nil`: none. Not for datagrams.
  public var filter: ConnectionFilter.Factory?

  /// Whether connections begin with a header of the PROXY protocol, which comes before the filter. Not for datagrams.
  public var proxyProtocol = ProxyProtocol.off

  /// The number of connections that may wait to be accepted; the kernel clamps it. Corresponds to `listen(2)`.
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

  /// What makes the filters of each connection, the one next to the socket first.
  ///
  /// - Throws: where ``proxyProtocol`` trusts a network that cannot be understood.
  func filters() throws(ServeError) -> [ConnectionFilter.Factory] {
    [try proxyProtocol.filter(), filter].compactMap(\.self)
  }
}
