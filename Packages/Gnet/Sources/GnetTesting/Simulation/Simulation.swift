public import Gnet
package import Poller

/// A simulated network with servers, peers and clocks, all on the calling thread, in an order drawn from a seed.
///
/// Servers are the same as on threads and sockets, down to the event loops: only the system below is another. The same seed
/// gives the same course, on every machine.
///
/// ```swift
/// let simulation = Simulation(seed: 1)
/// let server = try simulation.start([Listener("tcp://:7000", Service { _ in Echo() })])
/// let peer = simulation.connect(to: server.addresses[0])
/// peer.send("hello\n")
/// try simulation.run(until: { peer.received == Array("hello\n".utf8) })
/// ```
///
/// A simulation stays on the thread that has made it. Dropping it ends its servers.
public final class Simulation {
  /// The seed that the course is drawn from.
  public let seed: UInt64

  /// The host of servers and peers that are not placed elsewhere.
  public let localhost: SimulatedHost

  let world: World
  private var otherHosts: [String: SimulatedHost] = [:]

  /// Creates a simulation without servers. Its time is zero.
  public init(seed: UInt64) {
    self.seed = seed
    world = World(seed: seed)
    localhost = world.addHost("localhost")
  }

  deinit { world.end() }

  /// Ends the servers, and forgets everything that was scheduled. Nothing is to be run afterwards.
  ///
  /// Dropping the simulation does so. Where handlers or scheduled closures refer to the simulation, nobody can drop it before.
  /// ``run(seeds:_:)`` does so after each seed.
  public func end() { world.end() }

  /// The time since the beginning.
  public var now: Duration { .nanoseconds(world.now) }

  /// The behaviour of the network. A change concerns what happens from now on; the capacity of buffers, new streams.
  public var network: Network {
    get { world.network }
    set { world.network = newValue }
  }

  /// The faults of the systems that servers run on.
  public var faults: Faults {
    get { world.faults }
    set { world.faults = newValue }
  }

  /// The kernel interface whose rules apply to the selectors of servers started from now on: that of Linux by default.
  package var backend: Poller.Backend {
    get { world.backend }
    set { world.backend = newValue }
  }

  /// The course so far, a line for each turn of a loop, each system call and each event of the network.
  public var trace: [String] { world.trace.lines { [world] in world.hosts[$0].name } }

  /// A hash of the course so far: two simulations with the same hash had the same course.
  public var traceHash: UInt64 { world.trace.fingerprint }

  /// The random numbers of the simulation, for the choices of a script: these follow from the seed, too.
  ///
  /// ```swift
  /// import GnetTesting
  ///
  /// let simulation = Simulation(seed: 1)
  /// let pause = Duration.milliseconds(Int.random(in: 1...500, using: &simulation.random))
  /// ```
  public var random: SimulationRandom {
    get { world.random }
    _modify { yield &world.random }
  }

  // MARK: Hosts

  /// The host of a name, which is made when it is first asked for.
  public func host(_ name: String) -> SimulatedHost {
    if name == localhost.name { return localhost }
    if let host = otherHosts[name] { return host }
    let host = world.addHost(name)
    otherHosts[name] = host
    return host
  }

  /// Lets nothing pass between two hosts: streams wait, datagrams are lost.
  public func partition(_ one: SimulatedHost, _ other: SimulatedHost) {
    world.partitions.insert(World.Partition(one, other))
  }

  /// Ends a partition.
  public func repair(_ one: SimulatedHost, _ other: SimulatedHost) {
    world.partitions.remove(World.Partition(one, other))
  }

  // MARK: Servers

  /// Starts a server for several services, each on its own addresses. Its loops run when the simulation does.
  ///
  /// Without `Options.loopCount` there is one loop. `shutdown()` of the server takes effect when the simulation runs on.
  ///
  /// - Throws: what the function `start` of Gnet throws, also for the faults of the simulation.
  public func start(
    _ listeners: [Listener], options: Options = Options(), on host: SimulatedHost? = nil
  ) throws(ServeError) -> Server {
    try start(on: host) { (system) throws(ServeError) in
      try SteppedServer.start(listeners, Self.withLoops(options), on: system)
    }
  }

  /// Starts a server for `events` on `addresses`.
  public func start(
    _ events: Events, options: Options = Options(), addresses: [String], on host: SimulatedHost? = nil
  ) throws(ServeError) -> Server {
    try start(on: host) { (system) throws(ServeError) in
      try SteppedServer.start(events, Self.withLoops(options), addresses: addresses, on: system)
    }
  }

  /// Hands the listeners of a server over to another one, as `Server.handOver(to:)` does between two processes: listeners with
  /// the same addresses get the sockets of the first server instead of binding. Then the first server shuts down in order.
  ///
  /// - Returns: the successor, on the same host.
  /// - Throws: the error for which the successor cannot start. The first server goes on then.
  /// - Precondition: the server does not shut down.
  public func handOver(
    _ server: Server, to listeners: [Listener], options: Options = Options()
  ) throws(ServeError) -> Server {
    guard let running = world.running(server), !server.isShuttingDown else {
      preconditionFailure("Simulation.handOver: the server shuts down, or has ended")
    }
    return try start(on: running.host) { (system) throws(ServeError) in
      try running.server.handOver(to: listeners, Self.withLoops(options), on: system)
    }
  }

  private func start(
    on host: SimulatedHost?, _ make: (HostSystem) throws(ServeError) -> SteppedServer
  ) throws(ServeError) -> Server {
    let host = host ?? localhost
    // Selectors of a server that could not be started are of no use.
    defer { _ = host.takeSelectors() }
    let server = try make(HostSystem(host))
    world.add(server, host.takeSelectors(), on: host)
    return server.server
  }

  private static func withLoops(_ options: Options) -> Options {
    var options = options
    // Not the number of processors, which differs between machines.
    options.loopCount = options.loopCount ?? 1
    return options
  }

  /// Whether a server has ended: its connections and descriptors are gone.
  public func hasEnded(_ server: Server) -> Bool { world.isFinished(server) }
}
