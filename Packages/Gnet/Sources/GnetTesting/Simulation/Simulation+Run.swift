internal import Gnet

extension Simulation {
  /// Runs everything for a time, including the events that are due at its end.
  public func run(for duration: Duration) {
    let limit = world.now + duration.count(of: .nanosecond)
    while world.step(until: limit) {}
  }

  /// Runs everything for a time, as ``run(for:)`` does: for tests in which nothing but time passes.
  public func advance(by duration: Duration) { run(for: duration) }

  /// Runs everything until a condition holds, which is looked at after each step.
  ///
  /// - Parameters:
  ///   - condition: the condition.
  ///   - limit: the simulated time that may pass.
  /// - Throws: when the time is over and the condition does not hold; the description of the error says how to replay it.
  public func run(until condition: () throws -> Bool, within limit: Duration = .seconds(60)) throws {
    let end = world.now + limit.count(of: .nanosecond)
    while try !condition() {
      if !world.step(until: end), try !condition() {
        throw SimulationFailure(seed: seed, "the condition did not hold within \(limit)")
      }
    }
  }

  /// Runs everything until a line has arrived at a peer, and takes the line, as ``SimulatedPeer/receiveLine()`` does.
  ///
  /// - Parameters:
  ///   - peer: the peer.
  ///   - limit: the simulated time that may pass.
  /// - Returns: the line; `nil` at the end of the stream.
  /// - Throws: when the time is over without either.
  public func nextLine(of peer: SimulatedPeer, within limit: Duration = .seconds(60)) throws -> String? {
    var line: String?
    try run(
      until: {
        line = peer.receiveLine()
        return line != nil || peer.isEnded
      }, within: limit)
    return line
  }

  /// Calls `body` after a time, outside of all loops: for a script.
  public func schedule(after delay: Duration, _ body: @escaping () -> Void) {
    world.schedule(after: delay.count(of: .nanosecond), body)
  }

  /// Runs a test once for each of several seeds.
  ///
  /// ```swift
  /// try Simulation.run(seeds: 0..<100) { simulation in
  ///   simulation.drawFaults()
  ///   try answersEverything(in: simulation)
  /// }
  /// ```
  ///
  /// - Throws: the first error of `body`, with the seed and the line that replays it.
  public static func run(
    seeds: some Sequence<UInt64>, _ body: (Simulation) throws -> Void
  ) throws(SimulationFailure) {
    for seed in seeds {
      let simulation = Simulation(seed: seed)
      defer { simulation.end() }
      do {
        try body(simulation)
      } catch let failure as SimulationFailure {
        throw failure
      } catch {
        throw SimulationFailure(seed: seed, "\(error)")
      }
    }
  }
}

/// The failure of a test in a simulation.
public struct SimulationFailure: Error, CustomStringConvertible {
  /// The seed of the simulation.
  public let seed: UInt64

  /// The reason.
  public let reason: String

  /// Creates a failure.
  public init(seed: UInt64, _ reason: String) {
    self.seed = seed
    self.reason = reason
  }

  /// The reason, and the line that replays the simulation.
  public var description: String { "\(reason); to replay this: Simulation(seed: \(seed))" }
}

// MARK: Invariants

extension Simulation {
  /// Whether the invariants of the event loops are checked after each step. The test of the loops themselves does so.
  package var checksInvariants: Bool {
    get { world.checksInvariants }
    set { world.checksInvariants = newValue }
  }

  /// The invariants that did not hold, and mistakes in the use of the system.
  package var violations: [String] { world.violations }

  /// Takes one step; `false` when there is nothing to do before the limit.
  package func step(within limit: Duration) -> Bool { world.step(until: world.now + limit.count(of: .nanosecond)) }
}
