import GnetCodecs
import RingBuffer
import TestSupport
import Testing

/// A codec and what it should do, made at random.
private struct Trial {
  var codec: any FrameCodec
  var reference: Reference
  var alphabet: [UInt8]
  var description: String

  init(_ kind: Int, using random: inout SeededGenerator) {
    let limit = Int.random(in: 1...12, using: &random)
    switch kind {
    case 0:
      self.init(LineCodec(maximumFrameLength: limit), .line(limit: limit), [0x0A, 0x0D, 0x0D, 1, 2])
    case 1:
      // An alphabet of two makes delimiters that overlap themselves in every way.
      let delimiter = random.bytes(Int.random(in: 1...6, using: &random), of: [1, 2])
      self.init(
        DelimiterCodec(delimiter: delimiter, maximumFrameLength: limit), .delimiter(delimiter, limit: limit),
        [1, 2])
    case 2:
      self.init(FixedLengthCodec(frameLength: limit), .fixed(limit), [1, 2])
    default:
      let codec = Self.lengthField(using: &random)
      self.init(codec, .lengthField(codec), [0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 7, 9, 0x7F, 0x80, 0xFF])
    }
  }

  private init(_ codec: any FrameCodec, _ reference: Reference, _ alphabet: [UInt8]) {
    (self.codec, self.reference, self.alphabet) = (codec, reference, alphabet)
    description = "\(reference)"
  }

  private static func lengthField(using random: inout SeededGenerator) -> LengthFieldCodec {
    let widths = [LengthFieldCodec.FieldWidth.one, .two, .three, .four, .eight]
    return LengthFieldCodec(
      width: widths[Int.random(in: 0..<5, using: &random)],
      byteOrder: Bool.random(using: &random) ? .big : .little,
      includesField: Bool.random(using: &random),
      maximumFrameLength: Int.random(in: 1...40, using: &random),
      lengthFieldOffset: Int.random(in: 0...3, using: &random),
      lengthAdjustment: Int.random(in: -6...6, using: &random),
      strippedPrefixLength: Bool.random(using: &random) ? nil : Int.random(in: 0...14, using: &random))
  }
}

@Suite("Against codecs that work on a whole array")
struct ModelTests {
  @Test("random streams in random pieces give the same frames and errors", arguments: 0..<4)
  func streams(_ kind: Int) {
    var random = SeededGenerator(variable: "GNET_SEED", for: "ModelTests.streams(\(kind))")
    var seen = (frames: 0, unfinished: 0, failures: 0)
    for _ in 0..<2000 {
      let trial = Trial(kind, using: &random)
      let stream = random.bytes(Int.random(in: 0...80, using: &random), of: trial.alphabet)
      let pieces = random.pieces(of: stream, upTo: Int.random(in: 1...40, using: &random))
      let expected = trial.reference.outcomes(of: stream)
      let outcomes = trial.codec.outcomes(of: pieces, startingAt: Int.random(in: 0..<64, using: &random))
      check(outcomes == expected, "\(trial.description): \(pieces.map { [UInt8]($0) }) gives \(outcomes)")
      guard outcomes == expected else { return }
      seen.frames += expected.count - 1
      if expected.last == .unfinished { seen.unfinished += 1 } else { seen.failures += 1 }
    }
    // Fixed lengths know no errors.
    #expect(seen.frames > 100 && seen.unfinished > 100 && (seen.failures > 100 || kind == 2))
  }

  @Test("what encoding accepts comes out again, and what it refuses would not", arguments: 0..<4)
  func roundTrips(_ kind: Int) throws {
    var random = SeededGenerator(variable: "GNET_SEED", for: "ModelTests.roundTrips(\(kind))")
    var seen = (accepted: 0, refused: 0)
    for _ in 0..<2000 {
      let trial = Trial(kind, using: &random)
      let payloads = (0..<4).map { _ in
        random.bytes(Int.random(in: 0...14, using: &random), of: trial.alphabet)
      }
      let accepted = payloads.filter { trial.codec.refusal(of: $0) == nil }
      let stream = try trial.codec.stream(of: accepted)
      let pieces = random.pieces(of: stream, upTo: 20)
      let outcomes = trial.codec.outcomes(of: pieces, startingAt: Int.random(in: 0..<64, using: &random))
      check(outcomes == accepted.map { .frame($0) } + [.unfinished], "\(trial.description): \(accepted)")
      for payload in payloads where trial.codec.refusal(of: payload) != nil {
        check(!trial.couldCarry(payload), "\(trial.description): \(payload) need not be refused")
      }
      seen.accepted += accepted.count
      seen.refused += payloads.count - accepted.count
    }
    #expect(seen.accepted > 100 && seen.refused > 100)
  }
}

extension Trial {
  /// Whether there is a frame that the reference decodes to `payload`.
  fileprivate func couldCarry(_ payload: [UInt8]) -> Bool {
    switch reference {
    case .line:
      return reference.outcomes(of: payload + [0x0A]) == [.frame(payload), .unfinished]
    case .delimiter(let delimiter, _):
      return reference.outcomes(of: payload + delimiter) == [.frame(payload), .unfinished]
    case .fixed:
      return reference.outcomes(of: payload) == [.frame(payload), .unfinished]
    case .lengthField(let codec):
      // Whatever length a frame as short as these states, it is one of these.
      return (UInt8(0)...127).contains { length in
        var prefix = [UInt8](repeating: 0, count: codec.strippedPrefixLength)
        let position = codec.lengthFieldOffset + (codec.byteOrder == .big ? codec.width.rawValue - 1 : 0)
        if position < prefix.count { prefix[position] = length }
        return reference.outcomes(of: prefix + payload) == [.frame(payload), .unfinished]
      }
    }
  }
}
