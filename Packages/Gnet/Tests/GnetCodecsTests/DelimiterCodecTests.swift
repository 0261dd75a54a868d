import GnetCodecs
import RingBuffer
import Testing

@Suite("Delimiters")
struct DelimiterCodecTests {
  @Test(
    "a frame ends at the first delimiter, and the next begins behind it",
    arguments: [
      (";", "", [.unfinished]),
      (";", "a;;b", [.text("a"), .text(""), .unfinished]),
      ("\0", "a\0", [.text("a"), .unfinished]),
      ("||", "a|b||", [.text("a|b"), .unfinished]),
      ("||", "||||", [.text(""), .text(""), .unfinished]),
      ("||", "a|||", [.text("a"), .unfinished]),
      ("\r\n", "a\r\r\n\n\r\n", [.text("a\r"), .text("\n"), .unfinished]),
      ("aab", "aaab", [.text("a"), .unfinished]),
      ("abab", "ababab", [.text(""), .unfinished]),
      ("abac", "ababac", [.text("ab"), .unfinished]),
      ("aabaaa", "aabaabaaa", [.text("aab"), .unfinished]),
      ("abcabd", "abcabcabd", [.text("abc"), .unfinished]),
    ] as [(String, String, [Outcome])])
  func decoding(_ delimiter: String, _ stream: String, _ expected: [Outcome]) {
    #expect(DelimiterCodec(delimiter: Array(delimiter.utf8)).outcomes(of: stream) == expected)
  }

  @Test(
    "the limit counts the payload without the delimiter, and holds before there is one",
    arguments: [
      (";", "abcd", [.unfinished]),
      (";", "abcd;", [.text("abcd"), .unfinished]),
      (";", "abcde", [.failure(.frameTooLong(limit: 4))]),
      (";", "abcde;", [.failure(.frameTooLong(limit: 4))]),
      ("||", "abcd|", [.unfinished]),
      ("||", "abcd||", [.text("abcd"), .unfinished]),
      ("||", "abcde", [.failure(.frameTooLong(limit: 4))]),
      ("||", "abcde|", [.failure(.frameTooLong(limit: 4))]),
      ("||", "abcd|e", [.failure(.frameTooLong(limit: 4))]),
      ("||", "abcde||", [.failure(.frameTooLong(limit: 4))]),
      ("abac", "wxyzab", [.unfinished]),
      ("abac", "wxyzaba", [.unfinished]),
      ("abac", "wxyzabac", [.text("wxyz"), .unfinished]),
      ("abac", "wxyzabab", [.failure(.frameTooLong(limit: 4))]),
      ("abac", "wxababac", [.text("wxab"), .unfinished]),
    ] as [(String, String, [Outcome])])
  func limit(_ delimiter: String, _ stream: String, _ expected: [Outcome]) {
    let codec = DelimiterCodec(delimiter: Array(delimiter.utf8), maximumFrameLength: 4)
    #expect(codec.outcomes(of: stream) == expected)
  }

  @Test("the limit is 65,536 bytes by default, and may be the largest integer")
  func otherLimits() {
    let longest = [UInt8](repeating: 0x61, count: 65536)
    let codec = DelimiterCodec(delimiter: [1, 2])
    #expect(codec.outcomes(of: longest + [1, 2]) == [.frame(longest), .unfinished])
    #expect(codec.outcomes(of: longest + [0x61]) == [.failure(.frameTooLong(limit: 65536))])
    let unlimited = DelimiterCodec(delimiter: [1, 2], maximumFrameLength: .max)
    #expect(unlimited.outcomes(of: [7, 1, 2, 1]) == [.frame([7]), .unfinished])
  }

  @Test("one byte, and an array of that byte, are one delimiter")
  func oneByte() throws {
    let codec = DelimiterCodec(delimiter: 0)
    #expect(codec.delimiter == [0])
    #expect(codec.outcomes(of: [1, 0, 0]) == DelimiterCodec(delimiter: [0]).outcomes(of: [1, 0, 0]))
    #expect(try codec.stream(of: [[1], [], [2, 3]]) == [1, 0, 0, 2, 3, 0])
  }

  @Test(
    "encoding refuses a payload in which, or at whose end, a delimiter comes too early",
    arguments: [
      (";", "", nil), (";", "abcdefgh", nil), (";", "abcdefghi", .frameTooLong(limit: 8)),
      (";", "a;b", .invalidPayload), (";", ";", .invalidPayload),
      ("||", "a|b", nil), ("||", "a||b", .invalidPayload), ("||", "a|", .invalidPayload), ("||", "|a", nil),
      ("abab", "ab", .invalidPayload), ("abab", "aba", nil), ("abab", "xaba", nil),
      ("abab", "xab", .invalidPayload), ("aab", "a", nil), ("aab", "aa", nil), ("aba", "ab", .invalidPayload),
    ] as [(String, String, FrameError?)])
  func refusing(_ delimiter: String, _ payload: String, _ expected: FrameError?) {
    let codec = DelimiterCodec(delimiter: Array(delimiter.utf8), maximumFrameLength: 8)
    #expect(codec.refusal(of: payload) == expected)
  }
}
