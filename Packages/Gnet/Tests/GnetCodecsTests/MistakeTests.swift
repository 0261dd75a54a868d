import GnetCodecs
import Testing

@Suite("Mistakes end the process")
struct MistakeTests {
  @Test("limits that are not positive")
  func limits() async {
    await #expect(processExitsWith: .failure) { _ = LineCodec(maximumFrameLength: 0) }
    await #expect(processExitsWith: .failure) { _ = LineCodec(maximumFrameLength: -1) }
    await #expect(processExitsWith: .failure) { _ = DelimiterCodec(delimiter: 0, maximumFrameLength: 0) }
    await #expect(processExitsWith: .failure) { _ = DelimiterCodec(delimiter: [0], maximumFrameLength: -1) }
    await #expect(processExitsWith: .failure) { _ = LengthFieldCodec(width: .one, maximumFrameLength: 0) }
  }

  @Test("an empty delimiter")
  func delimiter() async {
    await #expect(processExitsWith: .failure) { _ = DelimiterCodec(delimiter: []) }
  }

  @Test("a fixed length that is not positive")
  func fixedLength() async {
    await #expect(processExitsWith: .failure) { _ = FixedLengthCodec(frameLength: 0) }
    await #expect(processExitsWith: .failure) { _ = FixedLengthCodec(frameLength: -1) }
  }

  @Test("headers that cannot be")
  func lengthField() async {
    await #expect(processExitsWith: .failure) { _ = LengthFieldCodec(width: .one, lengthFieldOffset: -1) }
    await #expect(processExitsWith: .failure) { _ = LengthFieldCodec(width: .one, lengthFieldOffset: .max) }
    await #expect(processExitsWith: .failure) { _ = LengthFieldCodec(width: .one, lengthAdjustment: .max) }
    await #expect(processExitsWith: .failure) { _ = LengthFieldCodec(width: .one, strippedPrefixLength: -1) }
  }
}
