internal import Gnet

/// The random numbers of a simulation: the same on every machine.
///
/// Source: S. Vigna, "splitmix64.c", https://prng.di.unimi.it/splitmix64.c, public domain.
public struct SimulationRandom: RandomNumberGenerator {
  private var state: UInt64

  /// Creates a generator whose numbers depend on `seed` alone.
  public init(seed: UInt64) { state = seed }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A number from 0 to `limit` - 1.
  // Not by the standard library, whose method may change from version to version.
  package mutating func below(_ limit: Int) -> Int {
    assert(limit > 0)
    return Int(next().multipliedFullWidth(by: UInt64(limit)).high)
  }

  /// A number of a range.
  package mutating func number(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }

  /// Whether something happens that has a probability.
  package mutating func happens(_ probability: Double) -> Bool {
    if probability <= 0 { return false }
    return Double(next() >> 11) * 0x1p-53 < probability
  }

  /// A number of nanoseconds between two durations.
  mutating func nanoseconds(in range: ClosedRange<Duration>) -> Int64 {
    let low = range.lowerBound.count(of: .nanosecond)
    return low + Int64(below(Int(range.upperBound.count(of: .nanosecond) - low) + 1))
  }

  /// An element of an array that is not empty.
  package mutating func element<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }

  /// Brings an array into a random order.
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for index in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(index, below(index + 1)) }
  }
}
