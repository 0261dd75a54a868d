/// Serves `events` on `addresses` until the server is shut down.
///
/// An address is `[scheme://]host:port[?reuseport=true]` with the scheme tcp, tcp4, tcp6, udp, udp4 or udp6, tcp if
/// none is given; an IPv6 host stands in brackets, an empty one is every interface, port 0 is any. Or it is
/// `unix://` and then a path. Any mix of addresses may be served at once.
///
/// The calling thread is blocked meanwhile; the callbacks run on threads of the library, but for
/// `onInitComplete`. When this returns, all connections, descriptors and threads of the server are gone.
///
/// - Throws: a `ServeError` if an address cannot be understood or bound, or the system lacks what the loops need.
///   Nothing is left open then.
public func serve(_ events: Events, options: Options = Options(), on addresses: String...) throws(ServeError) {
  try serve(events, options: options, on: addresses)
}

/// Serves `events` on `addresses` until the server is shut down, as ``serve(_:options:on:)-(_,_,String...)`` does.
public func serve(_ events: Events, options: Options = Options(), on addresses: [String]) throws(ServeError) {
  try start(events, options: options, on: addresses).wait()
}

/// Starts a server for `events` on `addresses`, and returns when it runs.
///
/// Everything is as with ``serve(_:options:on:)-(_,_,String...)``, but for the caller, who goes on. `onInitComplete` is
/// called on the calling thread before this returns; when it ends the server, `wait()` returns at once.
///
/// - Throws: a `ServeError` if an address cannot be understood or bound, or the system lacks what the loops need, threads
///   included. Nothing is left open then, and no callback was called.
public func start(
  _ events: Events, options: Options = Options(), on addresses: String...
) throws(ServeError) -> RunningServer {
  try start(events, options: options, on: addresses)
}

/// Starts a server for `events` on `addresses`, as ``start(_:options:on:)-(_,_,String...)`` does.
public func start(
  _ events: Events, options: Options = Options(), on addresses: [String]
) throws(ServeError) -> RunningServer {
  RunningServer(try ServerThreads.start(try ServerPlan(events, options, on: addresses)))
}

/// Serves several services, each on its own addresses, until the server is shut down.
///
/// Otherwise this is ``serve(_:options:on:)-(_,_,String...)``. Without `Options.loopCount` there is one loop per processor
/// that the process may use.
public func serve(_ listeners: [Listener], options: Options = Options()) throws(ServeError) {
  try start(listeners, options: options).wait()
}

/// Starts a server for several services, each on its own addresses, and returns when it runs.
///
/// Otherwise this is ``start(_:options:on:)-(_,_,String...)``.
public func start(_ listeners: [Listener], options: Options = Options()) throws(ServeError) -> RunningServer {
  RunningServer(try ServerThreads.start(ServerPlan(listeners, options)))
}
