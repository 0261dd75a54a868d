import Foundation
import Poller

/// A reproducible generator: SplitMix64.
struct Generator: RandomNumberGenerator {
  private var state: UInt64 = 1

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

/// Lengths of timers in nanoseconds, from a millisecond up, whose logarithm is uniform: as many between 1 and 2 ms as
/// between 1 and 2 s.
func lengths(_ count: Int, longest: Duration) -> [Int64] {
  var generator = Generator()
  let range = log(longest / .milliseconds(1))
  return (0..<count).map { _ in Int64(1e6 * exp(Double.random(in: 0..<range, using: &generator))) }
}

extension Poller.Instant {
  func adding(_ nanoseconds: Int64) -> Poller.Instant { Poller.Instant(nanoseconds: self.nanoseconds + nanoseconds) }
}
