internal import CGnet
internal import SystemPackage

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
  #if DEBUG
    FaultPlan.install(options.faults)
    defer { FaultPlan.install(nil) }
  #endif
  let assembly = try ServerAssembly(events, options: options, addresses: addresses)
  try assembly.run(events)
}

/// A server being built, run and taken down: the part that knows all threads.
private struct ServerAssembly {
  private let server: Server
  /// One per loop, and the acceptor behind them if there is one.
  private let reactors: [Reactor]

  init(_ events: Events, options: Options, addresses: [String]) throws(ServeError) {
    options.check()
    if addresses.isEmpty { throw .invalidAddress("", reason: "there is no address to serve on") }
    let loopCount = options.loopCount ?? (events.multicore ? Int(cgnet_processor_count()) : 1)
    var parsed: [ListenAddress] = []
    for address in addresses { parsed.append(try ListenAddress(address)) }
    var sockets: [[BoundSocket]] = []
    for (index, address) in parsed.enumerated() {
      sockets.append(try address.bind(index: index, loopCount: loopCount, options: options))
    }
    do throws(Errno) {
      var reactors: [Reactor] = []
      for index in 0..<loopCount { reactors.append(try Reactor(index: index, events: events, options: options)) }
      let loops = reactors.map(\.loop)
      if sockets.contains(where: { $0.count < loopCount && !$0[0].isDatagram }) {
        reactors.append(try Reactor(acceptingWith: options))
      }
      self.reactors = reactors
      server = Server(addresses: sockets.map { $0[0].address }, loops: loops, all: reactors.map(\.loop))
      for (index, shared) in sockets.enumerated() { try Self.assign(shared, index, loopCount, to: reactors) }
    } catch {
      throw .system(operation: "setting up an event loop", address: nil, error)
    }
    for reactor in reactors { reactor.join(server) }
  }

  /// Gives each loop a socket where there are as many. Otherwise streams go to the thread that accepts, which is the
  /// last, and datagrams to one of the loops.
  private static func assign(
    _ shared: [BoundSocket], _ addressIndex: Int, _ loopCount: Int, to reactors: [Reactor]
  ) throws(Errno) {
    if shared.count == loopCount {
      for index in 0..<loopCount { try reactors[index].assign(shared[index]) }
    } else {
      try reactors[shared[0].isDatagram ? addressIndex % loopCount : loopCount].assign(shared[0])
    }
  }

  /// Runs the server until it has shut down.
  func run(_ events: Events) throws(ServeError) {
    for plugin in events.plugins { plugin.started(server) }
    if server.failure == nil, events.onInitComplete?(server) == Action.shutdown { server.shutdown() }
    if !server.isShuttingDown { runThreads() }
    // Also loops that were never run: what was posted to them is served or dropped here, descriptors with it.
    for reactor in reactors { reactor.loop.markEnded() }
    for plugin in events.plugins { plugin.stopped(server) }
    if let failure = server.failure { throw failure }
  }

  /// Starts a thread per reactor, and waits for all to end.
  private func runThreads() {
    var threads: [Thread] = []
    for reactor in reactors {
      do throws(Errno) {
        threads.append(try Thread(name: reactor.threadName) { reactor.run() })
      } catch {
        server.shutdown(throwing: .system(operation: SystemCall.createThread.rawValue, address: nil, error))
        break
      }
    }
    for thread in threads { thread.join() }
  }
}
