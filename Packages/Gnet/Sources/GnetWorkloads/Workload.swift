import Gnet
package import GnetTesting
import Poller

/// A program that runs in a simulation under faults, and checks what must hold.
///
/// A workload has two parts, as the VOPR of TigerBeetle has: with faults, nothing wrong may happen; when the faults have
/// ended, what was asked for must happen.
package struct Workload: Sendable {
  package let name: String
  fileprivate let run: @Sendable (Ledger) throws -> Void

  /// All workloads.
  package static let all: [Workload] = [
    Workload(name: "echo") { try EchoWorkload($0).run() },
    Workload(name: "filters") { try EchoWorkload($0, isFiltered: true).run() },
    Workload(name: "calls") { try CallsWorkload($0).run() },
    Workload(name: "timers") { try TimersWorkload($0).run() },
    Workload(name: "relay") { try RelayWorkload($0).run() },
    Workload(name: "dials") { try DialsWorkload($0).run() },
    Workload(name: "datagrams") { try DatagramsWorkload($0).run() },
    Workload(name: "succession") { try SuccessionWorkload($0).run() },
  ]

  /// Runs the workload that belongs to a seed. Returns the number of entries of the trace.
  ///
  /// - Throws: the first rule that was broken, with the line that replays the run.
  package static func run(seed: UInt64, printsTrace: Bool = false) throws(SimulationFailure) -> UInt64 {
    let workload = all[Int(seed % UInt64(all.count))]
    let ledger = Ledger(seed: seed)
    do {
      try workload.run(ledger)
    } catch let failure as SimulationFailure {
      ledger.report(failure.reason)
    } catch {
      ledger.report("\(error)")
    }
    let simulation = ledger.simulation
    defer { simulation.end() }
    if printsTrace { for line in simulation.trace { print(line) } }
    if let problem = simulation.violations.first ?? ledger.problems.first {
      throw SimulationFailure(seed: seed, "\(workload.name): \(problem)")
    }
    return simulation.traceHash
  }
}

/// The state and the findings of a run.
// Unchecked: a simulation stays on one thread.
final class Ledger: @unchecked Sendable {
  let simulation: Simulation
  private(set) var problems: [String] = []
  private var clientCount = 0

  init(seed: UInt64) {
    // Neighbouring seeds differ in the workload, and in all else.
    simulation = Simulation(seed: seed)
    simulation.checksInvariants = true
    // For each workload, the loops run over each kernel interface.
    if seed / UInt64(Workload.all.count) % 4 == 3 { simulation.backend = .kqueue }
  }

  func report(_ problem: String) { problems.append(problem) }

  func require(_ holds: Bool, _ problem: @autoclosure () -> String) { if !holds { report(problem()) } }

  // MARK: Random choices

  func happens(_ probability: Double) -> Bool { simulation.random.happens(probability) }
  func below(_ limit: Int) -> Int { simulation.random.below(limit) }
  func number(in range: ClosedRange<Int>) -> Int { simulation.random.number(in: range) }
  func element<Element>(of elements: [Element]) -> Element { simulation.random.element(of: elements) }
  /// A duration, more often a short one.
  func duration(upTo limit: Duration) -> Duration {
    let parts = element(of: [1000, 100, 10, 1])
    return limit / parts * below(1001) / 1000
  }

  /// An address that no peer has, for a proxy to tell.
  func takeClientAddress() -> SocketAddress {
    clientCount += 1
    return SocketAddress("\(happens(0.7) ? "192.0.2.7" : "[2001:db8::7]"):\(1000 + clientCount)")!
  }

  // MARK: Steps

  /// Runs on until a condition holds, or a rule was broken.
  func run(_ what: String, until condition: () -> Bool, within limit: Duration) throws {
    do {
      try simulation.run(until: { condition() || !simulation.violations.isEmpty || !problems.isEmpty }, within: limit)
    } catch let failure as SimulationFailure {
      throw SimulationFailure(seed: failure.seed, "\(what): \(failure.reason)")
    }
    try throwFirstProblem()
  }

  /// Runs on for a time.
  func run(for duration: Duration) throws {
    simulation.run(for: duration)
    try throwFirstProblem()
  }

  private func throwFirstProblem() throws {
    if let problem = simulation.violations.first ?? problems.first {
      throw SimulationFailure(seed: simulation.seed, problem)
    }
  }

  /// Stops hosts and clocks for a while, at random. Returns whether there is an outage.
  @discardableResult
  func scheduleOutages(of host: SimulatedHost, within limit: Duration) -> Bool {
    let (isStopped, isClockStopped) = (happens(0.15), happens(0.1))
    if isStopped {
      simulation.schedule(after: duration(upTo: limit)) { host.stop() }
      simulation.schedule(after: duration(upTo: limit) + limit / 4) { host.resume() }
    }
    if isClockStopped {
      simulation.schedule(after: duration(upTo: limit)) { host.isClockStopped = true }
      simulation.schedule(after: duration(upTo: limit) + limit / 4) { host.isClockStopped = false }
    }
    return isStopped || isClockStopped
  }
}

/// Bytes of which each tells its place in a stream.
enum Pattern {
  // A prime: buffers have sizes that are powers of two.
  static let period = 251

  static func bytes(_ range: Range<Int>) -> [UInt8] { range.map { UInt8($0 % period) } }

  static func matches(_ bytes: some Sequence<UInt8>, from start: Int) -> Bool {
    var index = start
    for byte in bytes {
      if byte != UInt8(index % period) { return false }
      index += 1
    }
    return true
  }
}
