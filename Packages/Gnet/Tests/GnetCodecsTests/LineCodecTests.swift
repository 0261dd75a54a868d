import GnetCodecs
import RingBuffer
import Testing

@Suite("Lines")
struct LineCodecTests {
  @Test(
    "a line ends with LF, and one CR before it is dropped",
    arguments: [
      ("", [.unfinished]),
      ("a", [.unfinished]),
      ("a\n", [.text("a"), .unfinished]),
      ("a\r\n", [.text("a"), .unfinished]),
      ("\n\r\n\n", [.text(""), .text(""), .text(""), .unfinished]),
      ("a\nb\r\nc", [.text("a"), .text("b"), .unfinished]),
      ("a\r\r\n", [.text("a\r"), .unfinished]),
      ("\ra\rb\n\r", [.text("\ra\rb"), .unfinished]),
      ("\0\n", [.text("\0"), .unfinished]),
    ] as [(String, [Outcome])])
  func decoding(_ stream: String, _ expected: [Outcome]) {
    #expect(LineCodec().outcomes(of: stream) == expected)
  }

  @Test(
    "the limit counts the line without its ending, and holds before there is one",
    arguments: [
      ("abcd", [.unfinished]),
      ("abcd\n", [.text("abcd"), .unfinished]),
      ("abcd\r\n", [.text("abcd"), .unfinished]),
      ("abcd\r", [.unfinished]),
      ("abc\r\r\n", [.text("abc\r"), .unfinished]),
      ("abcde", [.failure(.frameTooLong(limit: 4))]),
      ("abcde\n", [.failure(.frameTooLong(limit: 4))]),
      ("abcde\r\n", [.failure(.frameTooLong(limit: 4))]),
      ("abcde\r", [.failure(.frameTooLong(limit: 4))]),
      ("abcd\r\r", [.failure(.frameTooLong(limit: 4))]),
      ("abcd\r\r\n", [.failure(.frameTooLong(limit: 4))]),
      ("abcd\re\n", [.failure(.frameTooLong(limit: 4))]),
      ("ab\nabcde", [.text("ab"), .failure(.frameTooLong(limit: 4))]),
    ] as [(String, [Outcome])])
  func limit(_ stream: String, _ expected: [Outcome]) {
    #expect(LineCodec(maximumFrameLength: 4).outcomes(of: stream) == expected)
  }

  @Test("the limit is 65,536 bytes by default, and may be the largest integer")
  func otherLimits() {
    let longest = [UInt8](repeating: 0x61, count: 65536)
    #expect(LineCodec().outcomes(of: longest + [0x0D, 0x0A]) == [.frame(longest), .unfinished])
    #expect(LineCodec().outcomes(of: longest + [0x61]) == [.failure(.frameTooLong(limit: 65536))])
    #expect(LineCodec(maximumFrameLength: .max).outcomes(of: "ab\nc") == [.text("ab"), .unfinished])
  }

  @Test("encoding writes LF, or CR and LF when asked to")
  func encoding() throws {
    let lines = [Array("a".utf8), [], Array("\rb c".utf8)]
    #expect(try LineCodec().stream(of: lines) == Array("a\n\n\rb c\n".utf8))
    let internet = LineCodec(ending: .carriageReturnLineFeed)
    #expect(try internet.stream(of: lines) == Array("a\r\n\r\n\rb c\r\n".utf8))
  }

  @Test("encoding refuses a line that would come out as another, or as two")
  func refusing() {
    for codec in [
      LineCodec(maximumFrameLength: 4), LineCodec(maximumFrameLength: 4, ending: .carriageReturnLineFeed),
    ] {
      #expect(codec.refusal(of: "abcd") == nil)
      #expect(codec.refusal(of: "abcde") == .frameTooLong(limit: 4))
      #expect(codec.refusal(of: "\n") == .invalidPayload)
      #expect(codec.refusal(of: "ab\nc") == .invalidPayload)
      #expect(codec.refusal(of: "\ra") == nil)
    }
    #expect(LineCodec().refusal(of: "ab\r") == .invalidPayload)
    #expect(LineCodec(ending: .carriageReturnLineFeed).refusal(of: "ab\r") == nil)
  }
}
