import RingBuffer

/// A way in which a stream arrives: its pieces, and the place in a ring where its first byte lies.
struct Arrival {
  let pieces: [ArraySlice<UInt8>]
  /// The index in the storage of a ring of the smallest capacity.
  let start: Int

  /// A stream that arrives at once.
  init(whole stream: ArraySlice<UInt8>) { (pieces, start) = ([stream], 0) }

  /// A stream that arrives in pieces.
  ///
  /// - Parameter seed: decides the lengths, from 1 to 16, and the place.
  init(_ stream: ArraySlice<UInt8>, cutBy seed: UInt8) {
    var (pieces, rest, state) = ([] as [ArraySlice<UInt8>], stream, UInt32(seed))
    repeat {
      // Source of the factors: D. Knuth, "The Art of Computer Programming", volume 2, 3.3.4, table 1, line 16.
      state = state &* 1_664_525 &+ 1_013_904_223
      let length = seed == 0 ? 1 : Int(state >> 28) + 1
      pieces.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    } while !rest.isEmpty
    (self.pieces, start) = (pieces, Int(seed) % 64)
  }

  /// Writes the pieces to a ring one by one, and has `receive` take what it can after each, until it answers false.
  ///
  /// - Returns: the bytes that are left in the ring.
  @discardableResult
  func feed(_ receive: (inout RingBuffer) -> Bool) -> [UInt8] {
    var input = RingBuffer()
    // An empty ring starts over at index 0, so a byte stays until the first piece is behind it.
    input.write([UInt8](repeating: 0, count: start + 1))
    input.discard(start)
    var padding = 1
    for piece in pieces {
      input.write(piece)
      input.discard(padding)
      padding = 0
      if !receive(&input) { break }
    }
    return input.readAll()
  }
}

/// The outcome of a stream, which must be the same at once, byte by byte, and in pieces.
///
/// - Parameter seed: decides the pieces.
func outcome<Outcome: Equatable>(
  of stream: ArraySlice<UInt8>, cutBy seed: UInt8, _ outcome: (Arrival) -> Outcome
) -> Outcome {
  let expected = outcome(Arrival(whole: stream))
  for seed in [0, seed] {
    expectEqual(outcome(Arrival(stream, cutBy: seed)), expected, "the outcome depends on the pieces (\(seed))")
  }
  return expected
}
