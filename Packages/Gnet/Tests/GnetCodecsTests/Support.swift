import GnetCodecs
import RingBuffer
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a call of `decode` comes to.
enum Outcome: Equatable {
  case frame([UInt8])
  case unfinished
  case failure(FrameError)

  /// A frame of text.
  static func text(_ text: String) -> Outcome { .frame(Array(text.utf8)) }

  var isFrame: Bool {
    if case .frame = self { true } else { false }
  }
}

extension FrameCodec {
  /// Decodes once.
  func outcome(from input: inout RingBuffer) -> Outcome {
    do throws(FrameError) {
      guard let frame = try decode(from: &input) else { return .unfinished }
      return .frame(frame)
    } catch {
      return .failure(error)
    }
  }

  /// Decodes a stream that comes all at once, until something else than a frame comes out.
  func outcomes(of stream: [UInt8]) -> [Outcome] { outcomes(of: [stream[...]]) }

  /// Decodes a stream of text that comes all at once.
  func outcomes(of stream: String) -> [Outcome] { outcomes(of: Array(stream.utf8)) }

  /// Decodes a stream that comes in pieces, all that there is after each, until the end or an error.
  ///
  /// - Parameter start: The index in the storage at which the stream begins, so that it wraps around the end.
  func outcomes(of pieces: [ArraySlice<UInt8>], startingAt start: Int = 0) -> [Outcome] {
    var input = RingBuffer()
    input.write([UInt8](repeating: 0xEE, count: start))
    var isPadded = start > 0
    var outcomes: [Outcome] = []
    for piece in pieces {
      for byte in piece {
        input.writeByte(byte)
        // An empty ring would start over at index 0.
        if isPadded { input.discard(start) }
        isPadded = false
      }
      if isPadded { continue }
      while case let outcome = self.outcome(from: &input), outcome != .unfinished {
        outcomes.append(outcome)
        if !outcome.isFrame { return outcomes }
      }
    }
    return outcomes + [.unfinished]
  }

  /// The error with which encoding refuses a payload, or nil.
  func refusal(of payload: [UInt8]) -> FrameError? {
    var output = RingBuffer()
    output.write("before")
    do throws(FrameError) {
      try encode(payload, into: &output)
      return nil
    } catch {
      check(output.readAll() == Array("before".utf8), "what was refused has been written in part")
      return error
    }
  }

  /// The error with which encoding refuses a text, or nil.
  func refusal(of payload: String) -> FrameError? { refusal(of: Array(payload.utf8)) }

  /// The frames of some payloads, one behind the other.
  func stream(of payloads: [[UInt8]]) throws(FrameError) -> [UInt8] {
    var output = RingBuffer()
    for payload in payloads { try encode(payload, into: &output) }
    return output.readAll()
  }
}

/// A small random number generator with a seed: SplitMix64, by Steele and others, 2014.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// The seed in the environment variable `GNET_SEED`, or a new one; printed with the name of the test.
  static func seeded(for test: String) -> SeededGenerator {
    var seed = UInt64.random(in: 0...UInt64.max)
    if let text = unsafe getenv("GNET_SEED"), let chosen = unsafe UInt64(String(cString: text)) {
      seed = chosen
    }
    print("\(test): GNET_SEED=\(seed)")
    return SeededGenerator(state: seed)
  }

  /// Some bytes of an alphabet.
  mutating func bytes(_ count: Int, of alphabet: [UInt8]) -> [UInt8] {
    (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &self)] }
  }

  /// A stream, cut into pieces of up to a length.
  mutating func pieces(of stream: [UInt8], upTo longest: Int) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var rest = stream[...]
    while !rest.isEmpty {
      pieces.append(rest.prefix(Int.random(in: 1...longest, using: &self)))
      rest = rest.dropFirst(pieces[pieces.count - 1].count)
    }
    return pieces
  }
}

/// Expects a condition at little cost, for loops over many cases.
func check(
  _ condition: Bool, _ subject: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation
) {
  if !condition { Issue.record("\(subject())", sourceLocation: sourceLocation) }
}
