internal import Gnet

/// What a command runs with: whose it is, and where its answer goes.
struct Context: ~Copyable {
  let engine: Engine
  var client: Client
  /// Of the size of the loop's own buffer, so that the two are exchanged and not copied.
  var reply = ReplyBuffer(minimumCapacity: Engine.options.readBufferCapacity)
  /// Whether the connection is to be closed when the answer has been sent.
  var isClosing = false
  /// For SPOP: fast, and seeded by the system once.
  var random = RandomNumbers()

  var keyspace: Keyspace { engine.keyspace }
  var database: Int { client.selectedDatabase }
}

/// The generator "SplitMix64".
/// Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct RandomNumbers: RandomNumberGenerator {
  private var state = UInt64.random(in: .min ... .max)

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
