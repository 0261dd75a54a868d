import GnetCodecs
import RingBuffer
import Testing

@Suite("Length fields, encoded")
struct LengthFieldEncodeTests {
  /// A protocol, a payload, and the frame that is made of it.
  struct Example: Sendable {
    var codec: LengthFieldCodec
    var payload: [UInt8]
    var frame: [UInt8]
  }

  @Test(
    "the protocols of the documentation",
    arguments: [
      Example(codec: LengthFieldCodec(width: .two), payload: [], frame: [0, 12]),
      Example(codec: LengthFieldCodec(width: .four, byteOrder: .little), payload: [], frame: [12, 0, 0, 0]),
      Example(codec: LengthFieldCodec(width: .two, includesField: true), payload: [], frame: [0, 14]),
      Example(codec: LengthFieldCodec(width: .two, lengthFieldOffset: 2), payload: [], frame: [0, 0, 0, 12]),
      Example(
        codec: LengthFieldCodec(width: .two, includesField: true, lengthFieldOffset: 2, lengthAdjustment: -2),
        payload: [], frame: [0, 0, 0, 16]),
      Example(
        codec: LengthFieldCodec(width: .two, lengthAdjustment: 2),
        payload: [0xCA, 0xFE], frame: [0, 12, 0xCA, 0xFE]),
      Example(
        codec: LengthFieldCodec(width: .two, lengthFieldOffset: 2, strippedPrefixLength: 0),
        payload: [0xCA, 0xFE, 0, 12], frame: [0xCA, 0xFE, 0, 12]),
      Example(
        codec: LengthFieldCodec(width: .two, lengthFieldOffset: 2, strippedPrefixLength: 1),
        payload: [0xFE, 0, 12], frame: [0, 0xFE, 0, 12]),
      Example(
        codec: LengthFieldCodec(width: .two, byteOrder: .little, strippedPrefixLength: 1),
        payload: [0], frame: [12, 0]),
      Example(
        codec: LengthFieldCodec(width: .one, lengthAdjustment: 2, strippedPrefixLength: 3),
        payload: [], frame: [12, 0, 0]),
    ])
  func documented(_ example: Example) throws {
    let body = Array("HELLO, WORLD".utf8)
    let (payload, frame) = (example.payload + body, example.frame + body)
    #expect(try example.codec.stream(of: [payload]) == frame)
    #expect(example.codec.outcomes(of: frame) == [.frame(payload), .unfinished])
  }

  @Test("what a peer writes before the length is stripped, whatever it is")
  func foreignPrefix() {
    let codec = LengthFieldCodec(width: .two, lengthFieldOffset: 2)
    #expect(codec.outcomes(of: [0xCA, 0xFE, 0, 1, 9]) == [.frame([9]), .unfinished])
  }

  @Test(
    "a payload is too long for the limit or for the field, whichever is less",
    arguments: [
      (LengthFieldCodec(width: .one), 255, 256),
      (LengthFieldCodec(width: .one, includesField: true), 254, 255),
      (LengthFieldCodec(width: .one, lengthAdjustment: 10), 265, 266),
      (LengthFieldCodec(width: .one, lengthAdjustment: -10), 245, 246),
      (LengthFieldCodec(width: .one, maximumFrameLength: 100), 99, 100),
      (LengthFieldCodec(width: .one, strippedPrefixLength: 3), 253, 256),
      (LengthFieldCodec(width: .two), 65535, 65537),
      (LengthFieldCodec(width: .four, maximumFrameLength: 6), 2, 6),
      (LengthFieldCodec(width: .four, includesField: true, maximumFrameLength: 6), 2, 6),
      (LengthFieldCodec(width: .eight, maximumFrameLength: 10, lengthAdjustment: .min), -1, 7),
      (LengthFieldCodec(width: .one, lengthAdjustment: .min), -1, 0),
      (LengthFieldCodec(width: .one, strippedPrefixLength: .max), -1, 256),
    ] as [(LengthFieldCodec, Int, Int)])
  func tooLong(_ codec: LengthFieldCodec, _ longest: Int, _ limit: Int) {
    if longest >= 0 { #expect(codec.refusal(of: [UInt8](repeating: 0, count: longest)) == nil) }
    let payload = [UInt8](repeating: 0, count: longest + 1)
    #expect(codec.refusal(of: payload) == .frameTooLong(limit: limit))
  }

  @Test("an adjustment cannot make a length negative")
  func negative() {
    let codec = LengthFieldCodec(width: .one, lengthAdjustment: 2)
    #expect(codec.refusal(of: [1]) == .invalidLength)
    #expect(codec.refusal(of: [1, 2]) == nil)
    #expect(LengthFieldCodec(width: .one, lengthAdjustment: .max - 1).refusal(of: []) == .invalidLength)
  }

  @Test("a payload that has its header must have all of it, with the right length")
  func ownHeader() {
    let whole = LengthFieldCodec(width: .two, lengthFieldOffset: 1, strippedPrefixLength: 0)
    #expect(whole.refusal(of: [7, 0, 1, 9]) == nil)
    #expect(whole.refusal(of: [7, 0, 0]) == nil)
    #expect(whole.refusal(of: [7, 0, 2, 9]) == .invalidPayload)
    #expect(whole.refusal(of: [7, 1, 1, 9]) == .invalidPayload)
    #expect(whole.refusal(of: [7, 0]) == .invalidPayload)
    #expect(whole.refusal(of: []) == .invalidPayload)
    let half = LengthFieldCodec(width: .two, lengthFieldOffset: 1, strippedPrefixLength: 2)
    #expect(half.refusal(of: [1, 9]) == nil)
    #expect(half.refusal(of: [2, 9]) == .invalidPayload)
    #expect(half.refusal(of: []) == .invalidPayload)
  }
}
