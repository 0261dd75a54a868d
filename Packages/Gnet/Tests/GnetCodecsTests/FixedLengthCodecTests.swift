import GnetCodecs
import RingBuffer
import Testing

@Suite("Fixed lengths")
struct FixedLengthCodecTests {
  @Test(
    "a frame is whole when its last byte has come",
    arguments: [
      (1, "", [.unfinished]),
      (1, "ab", [.text("a"), .text("b"), .unfinished]),
      (3, "ab", [.unfinished]),
      (3, "abc", [.text("abc"), .unfinished]),
      (3, "abcdefg", [.text("abc"), .text("def"), .unfinished]),
      (.max, "abc", [.unfinished]),
    ] as [(Int, String, [Outcome])])
  func decoding(_ length: Int, _ stream: String, _ expected: [Outcome]) {
    #expect(FixedLengthCodec(frameLength: length).outcomes(of: stream) == expected)
  }

  @Test("encoding writes a payload as it stands, and refuses every other length")
  func encoding() throws {
    let codec = FixedLengthCodec(frameLength: 3)
    #expect(try codec.stream(of: [[1, 2, 3], [4, 5, 6]]) == [1, 2, 3, 4, 5, 6])
    #expect(codec.refusal(of: "") == .invalidPayload)
    #expect(codec.refusal(of: "ab") == .invalidPayload)
    #expect(codec.refusal(of: "abcd") == .invalidPayload)
  }
}
