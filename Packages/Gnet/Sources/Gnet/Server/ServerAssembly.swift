internal import Poller
internal import SystemPackage

/// The steps from addresses to a running server.
struct ServerAssembly<System: LoopSystem> {
  private let system: System
  private let plan: ServerPlan
  private var options: Options { plan.options }

  init(_ plan: ServerPlan, on system: System) {
    self.plan = plan
    self.system = system
  }

  /// Binds the addresses, makes the loops and their threads, calls `started` and `onInitComplete`, and lets the threads
  /// run. Nothing is left open where it throws.
  func start() throws(ServeError) -> ServerThreads {
    try options.check()
    let loopCount = plan.loopCount
    let sources = try findSources()
    let sockets = try bind(sources, loopCount)
    let made: Loops
    do throws(Errno) {
      made = try makeLoops(sockets, loopCount)
    } catch {
      throw .system(operation: "setting up an event loop", address: nil, error)
    }
    let threads = ServerThreads(made.server, plugins: plan.plugins)
    // Before anybody hears that the server is ready: it may be that the system has no more threads.
    for (name, body) in made.bodies { try threads.add(name, on: system, body) }
    for case .inherited(let sockets) in sources { sockets.take(system) }
    threads.release(announce(made.server))
    return threads
  }

  /// Finds out where the sockets of each listener come from.
  private func findSources() throws(ServeError) -> [ListenerSource] {
    var sources: [ListenerSource] = []
    for listener in plan.listeners {
      let source = try ListenerSource(listener, after: sources)
      let hasFilters = try !listener.filters().isEmpty
      if try source.isDatagram(system) {
        if !listener.service.definition.takesDatagrams {
          throw .invalidAddress(listener.address, reason: "datagrams need a service of Events")
        }
        if hasFilters {
          throw .invalidAddress(listener.address, reason: "filters are for streams, not for datagrams")
        }
      }
      sources.append(source)
    }
    return sources
  }

  /// Binds each address, at each of its host's addresses, and there once for each loop where the loops share its port.
  /// Inherited sockets are bound already.
  private func bind(_ sources: [ListenerSource], _ loopCount: Int) throws(ServeError) -> [[[BoundSocket]]] {
    var sockets: [[[BoundSocket]]] = []
    for (index, source) in sources.enumerated() {
      sockets.append(
        try source.bind(
          index: index, loopCount: loopCount, backlog: plan.listeners[index].backlog, options: options, on: system))
    }
    return sockets
  }

  private struct Loops {
    let server: Server
    /// The bodies of the threads, with their names.
    var bodies: [(name: String, body: @Sendable () -> Void)] = []
  }

  private func makeLoops(_ sockets: [[[BoundSocket]]], _ loopCount: Int) throws(Errno) -> Loops {
    let assignment = Assignment(sockets.flatMap { $0 }, loopCount)
    var selectors: [System.Selector] = []
    // A selector that no loop has taken over is ended here.
    defer { for selector in selectors { selector.destroy() } }
    for _ in 0..<(assignment.ofAcceptor.isEmpty ? loopCount : loopCount + 1) {
      selectors.append(try system.openSelector())
    }
    let loops = (0..<loopCount).map {
      EventLoop(
        index: $0, system: system, wake: selectors[$0].waker, outboundHighWatermark: options.outboundHighWatermark,
        readBufferCapacity: options.readBufferCapacity, logger: options.logger)
    }
    let server = Server(
      addresses: sockets.map { $0[0][0].address }, loops: loops, hasAcceptor: !assignment.ofAcceptor.isEmpty,
      datagramLoops: sockets.indices.map { index in
        sockets[index][0][0].isDatagram ? loops[assignment.datagramLoop(index, sockets[index][0].count)] : nil
      },
      loadBalancing: options.loadBalancing, wakers: selectors.map(\.waker),
      succession: Succession(
        zip(plan.listeners, sockets).map { ServedListener(address: $0.address, sockets: $1.flatMap { $0 }) },
        plugins: plan.plugins))
    var made = Loops(server: server)
    if !assignment.ofAcceptor.isEmpty {
      let acceptor = try Acceptor(
        system, selectors.removeLast(), server: server, options: options, listening: assignment.ofAcceptor)
      made.bodies.append(("gnet-acceptor", Self.body(acceptor)))
    }
    while let selector = selectors.popLast() {
      let loop = loops[selectors.count]
      let value = try Loop(
        loop, system, selector, server: server, plan: plan, sockets: assignment.ofLoops[loop.index])
      made.bodies.append(("gnet-loop-\(loop.index)", Self.body(value)))
    }
    made.bodies.reverse()
    return made
  }

  /// The body of a thread, which runs a loop or an acceptor, which it owns from then on.
  private static func body<Runner: LoopRunner & ~Copyable & SendableMetatype>(
    _ runner: consuming sending Runner
  ) -> @Sendable () -> Void {
    let value = ThreadValue(runner)
    return {
      guard var runner = value.take() else { return }
      runner.run()
    }
  }

  /// Calls `started` and `onInitComplete`. Returns whether the server is to run.
  private func announce(_ server: Server) -> Bool {
    for plugin in plan.plugins { plugin.started(server) }
    if server.failure == nil, plan.events?.onInitComplete?(server) == Action.shutdown { server.shutdown() }
    return !server.isShuttingDown
  }
}

/// The sockets that each thread is to serve.
private struct Assignment {
  var ofLoops: [[BoundSocket]]
  var ofAcceptor: [BoundSocket] = []

  /// Gives each loop a socket where there are as many. Otherwise streams go to the thread that accepts, and datagrams to
  /// one of the loops.
  init(_ sockets: [[BoundSocket]], _ loopCount: Int) {
    ofLoops = Array(repeating: [], count: loopCount)
    for shared in sockets {
      if shared.count == loopCount {
        for index in 0..<loopCount { ofLoops[index].append(shared[index]) }
      } else if shared[0].isDatagram {
        ofLoops[datagramLoop(shared[0].addressIndex, shared.count)].append(shared[0])
      } else {
        ofAcceptor.append(shared[0])
      }
    }
  }

  /// The loop that has a datagram address, or the first of those that share it.
  func datagramLoop(_ addressIndex: Int, _ socketCount: Int) -> Int {
    socketCount == ofLoops.count ? 0 : addressIndex % ofLoops.count
  }
}

/// A value on its way to the thread that is to own it.
private final class ThreadValue<Value: ~Copyable>: Sendable {
  private let value: Lock<Value?>

  init(_ value: consuming sending Value) { self.value = Lock(value) }

  func take() -> sending Value? { value.withLock { $0.take() } }
}
