import GnetCodecs
import Testing

/// A codec, a stream, and what comes out of it.
struct Sample: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var codec: any FrameCodec
  var stream: [UInt8]
  var expected: [Outcome]

  init(_ name: String, _ codec: any FrameCodec, _ stream: [UInt8], _ expected: [Outcome]) {
    (testDescription, self.codec, self.stream, self.expected) = (name, codec, stream, expected)
  }

  init(_ name: String, _ codec: any FrameCodec, _ stream: String, _ expected: [Outcome]) {
    self.init(name, codec, Array(stream.utf8), expected)
  }

  static let all: [Sample] = [
    Sample(
      "lines", LineCodec(), "GET a\r\n\nb\r\r\n\r\n\rc\nd\r",
      [.text("GET a"), .text(""), .text("b\r"), .text(""), .text("\rc"), .unfinished]),
    Sample(
      "a line over the limit", LineCodec(maximumFrameLength: 4), "abcd\r\nabc\r\r\nabcd\r\rxyz\nok\n",
      [.text("abcd"), .text("abc\r"), .failure(.frameTooLong(limit: 4))]),
    Sample(
      "a delimiter of one byte", DelimiterCodec(delimiter: 0), [1, 2, 0, 0, 3, 0, 4],
      [.frame([1, 2]), .frame([]), .frame([3]), .unfinished]),
    Sample(
      "a delimiter that overlaps itself", DelimiterCodec(delimiter: Array("abab".utf8)),
      "xabaababababzaabababa",
      [.text("xaba"), .text(""), .text("za"), .unfinished]),
    Sample(
      "a delimited frame over the limit", DelimiterCodec(delimiter: Array("aab".utf8), maximumFrameLength: 5),
      "xyaaaabaabxyzaaaabxyzaaaaab",
      [.text("xyaa"), .text(""), .text("xyzaa"), .failure(.frameTooLong(limit: 5))]),
    Sample(
      "fixed lengths", FixedLengthCodec(frameLength: 5), "abcdefghijklm",
      [.text("abcde"), .text("fghij"), .unfinished]),
    Sample(
      "length fields", LengthFieldCodec(width: .three, byteOrder: .little, lengthFieldOffset: 1),
      [9, 2, 0, 0, 1, 2, 9, 0, 0, 0, 9, 1, 0, 0, 3, 9, 4, 0, 0, 5],
      [.frame([1, 2]), .frame([]), .frame([3]), .unfinished]),
    Sample(
      "a length over the limit", LengthFieldCodec(width: .two, maximumFrameLength: 5),
      [0, 3, 1, 2, 3, 0, 4, 1, 2, 3, 4], [.frame([1, 2, 3]), .failure(.frameTooLong(limit: 5))]),
    Sample(
      "a length shorter than its field", LengthFieldCodec(width: .eight, includesField: true),
      [0, 0, 0, 0, 0, 0, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 7, 1], [.frame([1]), .failure(.invalidLength)]),
    Sample(
      "a negative length", LengthFieldCodec(width: .eight, byteOrder: .little, strippedPrefixLength: 0),
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80],
      [.frame([0, 0, 0, 0, 0, 0, 0, 0]), .failure(.invalidLength)]),
  ]
}
