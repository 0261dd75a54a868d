internal import CGnet
internal import SystemPackage

/// A server whose loops run step by step, on the thread of the caller: for a simulation.
///
/// The caller chooses the order of the steps. The loops are the same as on threads, on another system.
package final class SteppedServer {
  package let server: Server
  /// The loops, and the acceptor if there is one.
  package let runners: [SteppedRunner]
  /// The loops of the runners; `nil` for the acceptor.
  private let loops: [EventLoop?]
  private let plugins: [any Plugin]
  /// Whether the last runner has ended, and the plugins have been told.
  package private(set) var isFinished = false

  init(_ server: Server, plugins: [any Plugin], runners: [SteppedRunner]) {
    self.server = server
    self.plugins = plugins
    self.runners = runners
    assert(runners.count == server.runnerCount)
    loops = runners.indices.map { $0 < server.loopCount ? server.loops[$0] : nil }
  }

  /// Starts a server of services on a system.
  package static func start(
    _ listeners: [Listener], _ options: Options, on system: some LoopSystem
  ) throws(ServeError) -> SteppedServer {
    try ServerAssembly(ServerPlan(listeners, options), on: system).startStepped()
  }

  /// Starts a server of events on a system.
  package static func start(
    _ events: Events, _ options: Options, addresses: [String], on system: some LoopSystem
  ) throws(ServeError) -> SteppedServer {
    try ServerAssembly(ServerPlan(events, options, on: addresses), on: system).startStepped()
  }

  /// Starts a server of services that takes over the listeners of this one, as a process does that `Server.handOver(to:)`
  /// has started. Then this server shuts down.
  ///
  /// - Throws: the error for which the successor cannot start. This server goes on then.
  package func handOver(
    to listeners: [Listener], _ options: Options, on system: some LoopSystem
  ) throws(ServeError) -> SteppedServer {
    let served = server.succession.listeners
    let handedOver: HandedOverSockets
    do throws(Errno) {
      handedOver = try HandedOverSockets(duplicating: served, on: system)
    } catch {
      throw .system(operation: SystemCall.duplicate.rawValue, address: nil, error)
    }
    let successor: SteppedServer
    do throws(ServeError) {
      successor = try ServerAssembly(ServerPlan(listeners, options), on: system, handedOver).startStepped()
    } catch {
      handedOver.close(system)
      throw error
    }
    for file in served.flatMap(\.files) { file.setOwned(false) }
    handedOver.takeOver(system)
    server.endHandedOver()
    assert(server.isShuttingDown && served.flatMap(\.files).allSatisfy { !$0.isOwned })
    return successor
  }

  /// Takes a step of a runner, as the thread of its loop.
  package func step(_ index: Int) {
    assert(!isFinished)
    asThread(of: index) { runners[index].takeStep() }
    if runners.allSatisfy(\.hasEnded) { finish() }
  }

  /// The invariants of a runner that do not hold between two steps.
  package func checkInvariants(of index: Int) -> [String] {
    asThread(of: index) { runners[index].checkInvariants() }
  }

  /// Calls `body` as the thread of a runner's loop does.
  private func asThread<Result>(of index: Int, _ body: () -> Result) -> Result {
    let outer = unsafe cgnet_current_loop()
    defer { unsafe cgnet_set_current_loop(outer) }
    if let loop = loops[index] { loop.becomeCurrent() }
    return body()
  }

  /// Ends the runners, which have not begun.
  func abandon() {
    for runner in runners { runner.end() }
    finish()
  }

  private func finish() {
    assert(!isFinished && runners.allSatisfy(\.hasEnded))
    for loop in server.loops { loop.markEnded() }
    for plugin in plugins { plugin.stopped(server) }
    isFinished = true
  }
}
