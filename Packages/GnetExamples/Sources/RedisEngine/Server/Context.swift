internal import Gnet

/// The environment of a command: its client, and the buffer for its answer.
struct Context: ~Copyable {
  /// The bytes of answers that are written at once. As many as the loop's own buffer holds, so that the two are exchanged
  /// instead of copied.
  static let replyCapacity = Options().readBufferCapacity

  let engine: Engine
  var client: Client
  /// The answers so far.
  var reply = ReplyBuffer(minimumCapacity: replyCapacity)
  /// The shards whose locks are held while a transaction runs.
  var held: Keyspace.Shards = 0
  /// Whether the connection closes behind the answer.
  var isClosing = false
  /// The generator for SPOP: fast, and seeded once by the system.
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
