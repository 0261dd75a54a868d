extension EventLoop {
  /// Connects to an address, on this loop: once established, the connection is one like all others.
  ///
  /// An address is as with ``serve(_:options:on:)-(_,_,String...)``: `[scheme://]host:port` or `unix://path`. Nothing
  /// blocks: a host name is looked up on another thread, and the addresses of both versions of IP are tried in turn, as
  /// RFC 8305 describes. May be called from any thread; from a callback of this loop, no thread is crossed.
  ///
  /// The handle can be used at once. Writes before the connection is established are kept, up to
  /// `Options.outboundHighWatermark`, and leave first; ``ConnectionHandle/perform(_:)`` waits for `opened`. Closing or
  /// aborting takes the connection back: nothing is called.
  ///
  /// ```swift
  /// events.onOpened = { connection in
  ///   let client = connection.handle
  ///   let cache = connection.loop.connect(to: "cache.example:6379", Service { _ in RedisSession() }) { error in
  ///     print(error)
  ///     client.close()
  ///   }
  ///   cache.write("PING\r\n")
  ///   return .none
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - address: the address to connect to.
  ///   - options: the settings of the connection.
  ///   - service: the protocol that is spoken on it.
  ///   - onFailure: called once, on the loop's thread, if the connection cannot be established; nothing of `service` is
  ///     called then. After the server's end it is called by this function.
  @discardableResult
  public func connect(
    to address: String, options: ConnectOptions = ConnectOptions(), _ service: Service,
    onFailure: (@Sendable (ConnectError) -> Void)? = nil
  ) -> ConnectionHandle {
    connect(to: address, options, .service(service), onFailure)
  }

  /// Connects to an address, on this loop, with a handler that only this connection has: less work than with a service.
  ///
  /// Otherwise this is ``connect(to:options:_:onFailure:)-(_,_,Service,_)``. The handler of a connection that is not
  /// established is destroyed without `closed`.
  ///
  /// - Parameters:
  ///   - address: the address to connect to.
  ///   - options: the settings of the connection.
  ///   - handler: the handler of the connection.
  ///   - onFailure: called once, on the loop's thread, if the connection cannot be established.
  @discardableResult
  @inlinable
  public func connect<Handler: ConnectionHandler & ~Copyable>(
    to address: String, options: ConnectOptions = ConnectOptions(), _ handler: consuming sending Handler,
    onFailure: (@Sendable (ConnectError) -> Void)? = nil
  ) -> ConnectionHandle {
    connect(to: address, options, .value(GivenHandler(handler, on: self)), onFailure)
  }

  @usableFromInline
  func connect(
    to address: String, _ options: ConnectOptions, _ handlers: consuming HandlerSource,
    _ onFailure: (@Sendable (ConnectError) -> Void)?
  ) -> ConnectionHandle {
    let dial = Dial(address, options, handlers, on: self, onFailure: onFailure)
    let handle = ConnectionHandle(dial.queue)
    post(.dial(dial))
    return handle
  }
}

extension Server {
  /// Connects to an address, on the loop that `Options.loadBalancing` chooses; with `sourceAddressHash`, by a hash of
  /// `address`.
  ///
  /// Otherwise this is ``EventLoop/connect(to:options:_:onFailure:)-(_,_,Service,_)``.
  @discardableResult
  public func connect(
    to address: String, options: ConnectOptions = ConnectOptions(), _ service: Service,
    onFailure: (@Sendable (ConnectError) -> Void)? = nil
  ) -> ConnectionHandle {
    loopForConnecting(to: address).connect(to: address, options: options, service, onFailure: onFailure)
  }

  /// Connects to an address, on the loop that `Options.loadBalancing` chooses, with a handler that only this connection has.
  ///
  /// Otherwise this is ``EventLoop/connect(to:options:_:onFailure:)-(_,_,Handler,_)``.
  @discardableResult
  @inlinable
  public func connect<Handler: ConnectionHandler & ~Copyable>(
    to address: String, options: ConnectOptions = ConnectOptions(), _ handler: consuming sending Handler,
    onFailure: (@Sendable (ConnectError) -> Void)? = nil
  ) -> ConnectionHandle {
    loopForConnecting(to: address).connect(to: address, options: options, handler, onFailure: onFailure)
  }
}
