/// Random numbers that a seed repeats.
///
/// Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014 (SplitMix64).
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  /// Creates a generator whose numbers depend on `seed` alone.
  public init(seed: UInt64) { state = seed }

  /// Creates a generator with the seed in an environment variable, or with a new one; prints the seed.
  public init(variable: String, for test: String) {
    let seed = Self.seed(variable: variable)
    print("\(test): \(variable)=\(seed)")
    self.init(seed: seed)
  }

  /// The seed in an environment variable, or a new one.
  public static func seed(variable: String) -> UInt64 {
    value(ofVariable: variable).flatMap { UInt64($0) } ?? UInt64.random(in: 0 ... .max)
  }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
