internal import Gnet
internal import Poller

/// The state of a simulation: the time, the events to come, the hosts and the servers.
// Unchecked: a simulation and all that belongs to it stay on one thread.
final class World: @unchecked Sendable {
  let seed: UInt64
  var random: SimulationRandom
  /// The moment of the program's clock at which the simulation was made.
  let beginning = ContinuousClock.now
  /// The time in nanoseconds since the beginning.
  private(set) var now: Int64 = 0
  var network = Simulation.Network()
  var faults = Simulation.Faults()
  /// The kernel interface whose rules new selectors follow.
  var backend = Poller.Backend.epoll
  private(set) var hosts: [SimulatedHost] = []
  private(set) var servers: [Running] = []
  private var events = EventQueue()
  private(set) var trace = Trace()
  /// The rules that were broken.
  private(set) var violations: [String] = []
  /// The pairs of hosts between which nothing passes.
  var partitions: Set<Partition> = []
  /// Whether a step of a loop is running.
  private var isInStep = false
  /// The number of steps taken since time has passed, bytes have moved, or anything has happened on the network.
  private var stepsSinceMove = 0
  /// The scripted peers, which live as long as the simulation.
  private var peers: [SimulatedPeer] = []
  private var unixPeerCount = 0
  /// The ends of all streams, which refer to each other.
  private var streams: [StreamEnd] = []
  var checksInvariants = false

  /// A server and the selectors of its runners.
  struct Running {
    let server: SteppedServer
    let selectors: [SelectorState]
    let host: SimulatedHost
  }

  struct Partition: Hashable {
    let hosts: Set<Int>
    init(_ one: SimulatedHost, _ other: SimulatedHost) { hosts = [one.number, other.number] }
  }

  init(seed: UInt64) {
    self.seed = seed
    random = SimulationRandom(seed: seed)
  }

  func addHost(_ name: String) -> SimulatedHost {
    let host = SimulatedHost(name, number: hosts.count, in: self)
    hosts.append(host)
    return host
  }

  func keep(_ peer: SimulatedPeer) { peers.append(peer) }

  /// A number for the name of a peer on a unix socket.
  func takePeerNumber() -> Int {
    unixPeerCount += 1
    return unixPeerCount
  }

  /// Adds the end of a stream. Returns its number.
  func add(_ stream: StreamEnd) -> Int {
    streams.append(stream)
    return streams.count
  }

  func note(_ host: Int, _ call: String, _ subject: Int, _ result: Int) {
    trace.add(now, host, call, subject, result)
  }

  func report(_ violation: String) { violations.append(violation) }

  /// Has something happen after a number of nanoseconds.
  func schedule(after delay: Int64, _ action: @escaping () -> Void) {
    events.add(at: now + max(0, delay), rank: random.next(), action)
  }

  /// Lets time pass within a step of a loop that is slow.
  func passTime() {
    guard isInStep, random.happens(faults.slowness) else { return }
    now += random.nanoseconds(in: .zero...faults.longestStep)
  }

  /// Lets time pass within a step of a loop, as work does. The network goes on meanwhile; loops wait.
  func work(for duration: Int64) {
    precondition(isInStep, "EventLoop.simulateWork: called outside of the callbacks of a simulation")
    let end = now + max(0, duration)
    while let next = events.nextTime, next <= end {
      now = max(now, next)
      events.takeNext()()
    }
    now = max(now, end)
  }

  // MARK: Servers

  func add(_ server: SteppedServer, _ selectors: [SelectorState], on host: SimulatedHost) {
    // The server counts its acceptor last, as it opens the selectors.
    servers.append(Running(server: server, selectors: selectors, host: host))
  }

  // MARK: Steps

  /// Takes a step: an event of the network, or a turn of a loop. Without either, moves the time to the next, but not beyond
  /// a limit.
  ///
  /// - Returns: whether the limit has not been reached.
  func step(until limit: Int64) -> Bool {
    precondition(!isInStep, "a simulation was run by one of its own callbacks")
    let isEventDue = events.nextTime.map { $0 <= now } ?? false
    let runnable = runnableRunners()
    if isEventDue && (runnable.isEmpty || random.below(runnable.count + 1) == 0) {
      stepsSinceMove = 0
      events.takeNext()()
    } else if !runnable.isEmpty {
      let (server, runner) = runnable[random.below(runnable.count)]
      take(runner, of: servers[server])
    } else {
      return move(until: limit)
    }
    stepsSinceMove += 1
    if stepsSinceMove == Self.spinLimit { report("a loop spins: \(Self.spinLimit) steps, and nothing happens") }
    return stepsSinceMove <= Self.spinLimit
  }

  /// Notes that bytes have moved: the process that moved them does not spin.
  func noteProgress() { stepsSinceMove = 0 }

  private static let spinLimit = 20_000

  private func runnableRunners() -> [(server: Int, runner: Int)] {
    var runnable: [(Int, Int)] = []
    for (server, running) in servers.enumerated() where !running.server.isFinished && !running.host.isStopped {
      for runner in running.server.runners.indices where !running.server.runners[runner].hasEnded {
        if running.selectors[runner].isRunnable { runnable.append((server, runner)) }
      }
    }
    return runnable
  }

  private func take(_ runner: Int, of running: Running) {
    isInStep = true
    note(running.host.number, "turn", runner, 0)
    running.selectors[runner].beginTurn()
    running.server.step(runner)
    isInStep = false
    guard checksInvariants else { return }
    for violation in running.server.checkInvariants(of: runner) { report(violation) }
  }

  /// Moves the time to the next event or deadline.
  private func move(until limit: Int64) -> Bool {
    var next = events.nextTime ?? .max
    for running in servers where !running.server.isFinished && !running.host.isStopped {
      for runner in running.server.runners.indices where !running.server.runners[runner].hasEnded {
        next = min(next, running.host.time(of: running.selectors[runner].deadline))
      }
    }
    stepsSinceMove = 0
    if next > limit {
      now = max(now, limit)
      return false
    }
    now = max(now, next)
    return true
  }

  // MARK: The end

  /// Ends all servers, and forgets all that is still to come.
  func end() {
    for host in hosts { host.resume() }
    faults = Simulation.Faults()
    for running in servers where !running.server.isFinished { running.server.server.shutdown() }
    let limit = now + 3600 * 1_000_000_000
    while servers.contains(where: { !$0.server.isFinished }), step(until: limit) {}
    servers = []
    for peer in peers { peer.close() }
    peers = []
    for host in hosts { host.forgetAll() }
    for stream in streams { stream.forget() }
    streams = []
    events.removeAll()
  }

  /// A server that has not ended; `nil` for others.
  func running(_ server: Server) -> Running? {
    servers.first { $0.server.server === server && !$0.server.isFinished }
  }

  /// Whether a server has ended, or is none of the simulation.
  func isFinished(_ server: Server) -> Bool {
    servers.allSatisfy { $0.server.server !== server || $0.server.isFinished }
  }
}
