public import RingBuffer

/// Frames that end with a line feed, with or without a carriage return before it.
///
/// ```
/// "GET a\r\n" "\n" "b\r\r\n"   ->   "GET a"  ""  "b\r"
/// ```
///
/// Decoding accepts both endings, also mixed. Exactly one carriage return before the line feed is dropped;
/// any other is part of the line.
public struct LineCodec: InPlaceFrameCodec {
  /// The bytes that encoding writes behind a line.
  public enum Ending: Sendable {
    /// LF, as in most text files.
    case lineFeed

    /// CR and LF, as in most internet protocols.
    case carriageReturnLineFeed
  }

  /// The length of the longest line, in bytes without its ending.
  public let maximumFrameLength: Int

  /// The bytes that encoding writes behind a line.
  public let ending: Ending

  /// Creates a codec for lines.
  ///
  /// - Parameters:
  ///   - maximumFrameLength: The length of the longest line, in bytes without its ending.
  ///   - ending: The bytes that encoding writes behind a line. Decoding accepts either.
  /// - Precondition: `maximumFrameLength` is positive.
  public init(maximumFrameLength: Int = 65536, ending: Ending = .lineFeed) {
    precondition(maximumFrameLength > 0, "LineCodec: the maximum frame length must be positive")
    self.maximumFrameLength = maximumFrameLength
    self.ending = ending
  }
}

extension LineCodec {
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// Appends a line and its ending to `output`.
  ///
  /// - Throws: `FrameError.frameTooLong` if the payload is longer than the limit. `FrameError.invalidPayload`
  ///   if it contains a line feed, or ends with a carriage return that would become part of its ending; with
  ///   CR and LF as the ending, it may end so. `output` is left as it was.
  /// - Complexity: O(*n*) in the length of the line, amortised.
  public func encode(_ payload: [UInt8], into output: inout RingBuffer) throws(FrameError) {
    try encode(payload.span, into: &output)
  }

  /// Appends a line and its ending to `output`.
  ///
  /// - Throws: The errors of encoding an array. `output` is left as it was.
  /// - Complexity: O(*n*) in the length of the line, amortised.
  public func encode(_ payload: Span<UInt8>, into output: inout RingBuffer) throws(FrameError) {
    guard payload.count <= maximumFrameLength else { throw .frameTooLong(limit: maximumFrameLength) }
    guard RingBuffer.firstIndex(of: Self.lineFeed, in: payload) == nil else { throw .invalidPayload }
    switch ending {
    case .lineFeed:
      guard payload.isEmpty || payload[payload.count - 1] != Self.carriageReturn else { throw .invalidPayload }
      output.write(payload)
    case .carriageReturnLineFeed:
      output.write(payload)
      output.writeByte(Self.carriageReturn)
    }
    output.writeByte(Self.lineFeed)
  }

  /// Finds the next line and its ending at the front of `input`.
  ///
  /// - Returns: The bounds of the line without its ending, or nil if there is no line feed yet.
  /// - Throws: `FrameError.frameTooLong` if the line is longer than the limit, also before its end has come:
  ///   as soon as more bytes wait than the limit, of which one may be a carriage return at the end.
  /// - Complexity: O(*n*) in the length of the line, or O(`input.count`) when it has no end yet.
  public func nextFrame(in input: borrowing RingBuffer) throws(FrameError) -> FrameBounds? {
    let lineFeed = input.firstIndex(of: Self.lineFeed)
    // The bytes before the line feed, or before one that may come next.
    let end = lineFeed ?? input.count
    let hasCarriageReturn = end > 0 && input[end - 1] == Self.carriageReturn
    let length = hasCarriageReturn ? end - 1 : end
    guard length <= maximumFrameLength else { throw .frameTooLong(limit: maximumFrameLength) }
    guard lineFeed != nil else { return nil }
    return FrameBounds(payload: length, suffix: end + 1 - length)
  }
}
