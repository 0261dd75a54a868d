import GnetTesting

/// A clock of seconds since 1970 that follows a simulation.
// Unchecked: a simulation and its servers stay on one thread.
final class SimulatedClock: @unchecked Sendable {
  /// The moment at which simulations begin.
  static let start = 1_700_000_000

  var simulation: Simulation?

  var now: Double { Double(Self.start) + (simulation?.now ?? .zero) / .seconds(1) }
}
