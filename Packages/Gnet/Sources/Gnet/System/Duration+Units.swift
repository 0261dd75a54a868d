internal import Poller

extension Duration {
  /// A unit of the system's interfaces.
  package enum Unit: Int64 {
    case nanosecond = 1
    case millisecond = 1_000_000
    case second = 1_000_000_000
  }

  /// The number of units of the duration, rounded up: a wait of as many units is never too short. A negative duration has 0.
  package func count(of unit: Unit) -> Int64 {
    let (whole, rest) = Poller.Instant.nanoseconds(of: self).quotientAndRemainder(dividingBy: unit.rawValue)
    return rest > 0 ? whole + 1 : whole
  }
}
