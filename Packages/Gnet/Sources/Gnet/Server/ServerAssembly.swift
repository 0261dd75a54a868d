internal import Poller
internal import SystemPackage

/// The steps from addresses to a running server.
struct ServerAssembly<System: LoopSystem> {
  private let system: System
  private let plan: ServerPlan
  private let handedOver: HandedOverSockets?
  private var options: Options { plan.options }

  /// - Parameter handedOver: the sockets that a predecessor has handed over.
  init(_ plan: ServerPlan, on system: System, _ handedOver: HandedOverSockets? = Predecessor.current?.handedOver) {
    self.plan = plan
    self.system = system
    self.handedOver = handedOver
  }

  /// A server whose loops are made and do not run yet.
  struct Assembled<Home: RunnerHome> {
    let server: Server
    /// The homes of the loops and of the acceptor.
    var homes: [Home] = []
    fileprivate var sources: [ListenerSource] = []

    /// Takes the sockets over that the program was given: the server runs.
    fileprivate func takeInherited(_ system: System) {
      for case .inherited(let sockets) in sources { sockets.take(system) }
    }
  }

  /// Binds the addresses, and makes the loops. Nothing is left open where it throws.
  private func assemble<Home: RunnerHome>() throws(ServeError) -> Assembled<Home> {
    try options.check()
    let loopCount = plan.loopCount
    let sources = try findSources()
    let sockets = try bind(sources, loopCount)
    var made: Assembled<Home>
    do throws(Errno) {
      made = try makeLoops(sockets, loopCount)
    } catch {
      throw .system(operation: "setting up an event loop", address: nil, error)
    }
    assert(made.homes.count == made.server.runnerCount)
    made.sources = sources
    return made
  }

  /// Assembles a server whose loops run step by step, and calls `started` and `onInitComplete`.
  func startStepped() throws(ServeError) -> SteppedServer {
    let made: Assembled<SteppedRunner> = try assemble()
    let server = SteppedServer(made.server, plugins: plan.plugins, runners: made.homes)
    made.takeInherited(system)
    if !announce(made.server) { server.abandon() }
    return server
  }

  /// Finds out where the sockets of each listener come from.
  private func findSources() throws(ServeError) -> [ListenerSource] {
    var sources: [ListenerSource] = []
    for listener in plan.listeners {
      let source = try ListenerSource(listener, after: sources, handedOver)
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
    assert(sockets.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.canBeServed(by: loopCount) } })
    return sockets
  }

  private func makeLoops<Home: RunnerHome>(
    _ sockets: [[[BoundSocket]]], _ loopCount: Int
  ) throws(Errno) -> Assembled<Home> {
    assert(sockets.count == plan.listeners.count)
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
    var made = Assembled<Home>(server: server)
    if !assignment.ofAcceptor.isEmpty {
      let acceptor = try Acceptor(
        system, selectors.removeLast(), server: server, options: options, listening: assignment.ofAcceptor)
      made.homes.append(Home(acceptor, name: "gnet-acceptor"))
    }
    while let selector = selectors.popLast() {
      let loop = loops[selectors.count]
      let value = try Loop(
        loop, system, selector, server: server, plan: plan, sockets: assignment.ofLoops[loop.index])
      made.homes.append(Home(value, name: "gnet-loop-\(loop.index)"))
    }
    made.homes.reverse()
    return made
  }

  /// Calls `started` and `onInitComplete`. Returns whether the server is to run.
  private func announce(_ server: Server) -> Bool {
    for plugin in plan.plugins { plugin.started(server) }
    if server.failure == nil, plan.events?.onInitComplete?(server) == Action.shutdown { server.shutdown() }
    return !server.isShuttingDown
  }
}

extension ServerAssembly where System: ThreadedSystem {
  /// Assembles a server and its threads, calls `started` and `onInitComplete`, and lets the threads run. Nothing is left open
  /// where it throws.
  func start() throws(ServeError) -> ServerThreads {
    let made: Assembled<ThreadBody> = try assemble()
    let threads = ServerThreads(made.server, plugins: plan.plugins)
    // Before anybody hears that the server is ready: it may be that the system has no more threads.
    for home in made.homes { try threads.add(home.name, on: system, home.run) }
    made.takeInherited(system)
    threads.release(announce(made.server))
    return threads
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
    assert(
      ofLoops.reduce(ofAcceptor.count) { $0 + $1.count } == sockets.reduce(0) { $0 + $1.count },
      "a socket is served by no thread, or by two")
  }

  /// The loop that has a datagram address, or the first of those that share it.
  func datagramLoop(_ addressIndex: Int, _ socketCount: Int) -> Int {
    assert(socketCount == 1 || socketCount == ofLoops.count)
    return socketCount == ofLoops.count ? 0 : addressIndex % ofLoops.count
  }
}

extension [BoundSocket] {
  /// Whether threads can serve the sockets as those of an address: there is a socket for one of them, or for each loop.
  fileprivate func canBeServed(by loopCount: Int) -> Bool {
    (count == 1 || count == loopCount)
      && allSatisfy { $0.addressIndex == self[0].addressIndex && $0.isDatagram == self[0].isDatagram }
  }
}
