public import RingBuffer

/// Frames that end with a delimiter of one or more bytes.
///
/// ```
/// delimiter "||":   "a|b||" "||" "c||"   ->   "a|b"  ""  "c"
/// ```
///
/// A frame ends at the first delimiter in it, and the next begins behind that.
///
/// The search skips to the delimiter's first two bytes, a vector at a time. Only a peer that keeps repeating
/// the beginning of a delimiter of three or more bytes makes it go byte by byte: choose a delimiter, or a
/// limit, by that.
public struct DelimiterCodec: InPlaceFrameCodec {
  /// The length of the longest payload, in bytes without the delimiter.
  public let maximumFrameLength: Int

  private let pattern: RingBuffer.Pattern

  /// Creates a codec for frames that end with a byte.
  ///
  /// - Parameters:
  ///   - delimiter: The byte behind every frame.
  ///   - maximumFrameLength: The length of the longest payload, in bytes without the delimiter.
  /// - Precondition: `maximumFrameLength` is positive.
  public init(delimiter: UInt8, maximumFrameLength: Int = 65536) {
    self.init(delimiter: [delimiter], maximumFrameLength: maximumFrameLength)
  }

  /// Creates a codec for frames that end with a sequence of bytes.
  ///
  /// - Parameters:
  ///   - delimiter: The bytes behind every frame.
  ///   - maximumFrameLength: The length of the longest payload, in bytes without the delimiter.
  /// - Precondition: `delimiter` is not empty, and `maximumFrameLength` is positive.
  /// - Complexity: O(`delimiter.count`).
  public init(delimiter: [UInt8], maximumFrameLength: Int = 65536) {
    precondition(!delimiter.isEmpty, "DelimiterCodec: the delimiter cannot be empty")
    precondition(maximumFrameLength > 0, "DelimiterCodec: the maximum frame length must be positive")
    self.maximumFrameLength = maximumFrameLength
    self.pattern = RingBuffer.Pattern(delimiter)
  }

  /// The bytes behind every frame.
  public var delimiter: [UInt8] { pattern.bytes }
}

extension DelimiterCodec {
  /// Appends a payload and the delimiter to `output`.
  ///
  /// - Throws: `FrameError.frameTooLong` if the payload is longer than the limit. `FrameError.invalidPayload`
  ///   if it contains the delimiter, or if its last bytes and the first of the delimiter make one, as "a"
  ///   does before "aa". `output` is left as it was.
  /// - Complexity: O(*n*) in the length of the frame, amortised.
  public func encode(_ payload: [UInt8], into output: inout RingBuffer) throws(FrameError) {
    try encode(payload.span, into: &output)
  }

  /// Appends a payload and the delimiter to `output`.
  ///
  /// - Throws: The errors of encoding an array. `output` is left as it was.
  /// - Complexity: O(*n*) in the length of the frame, amortised.
  public func encode(_ payload: Span<UInt8>, into output: inout RingBuffer) throws(FrameError) {
    guard payload.count <= maximumFrameLength else { throw .frameTooLong(limit: maximumFrameLength) }
    guard endsFirst(behind: payload) else { throw .invalidPayload }
    output.write(payload)
    output.write(pattern.bytes)
  }

  /// Finds the next payload and its delimiter at the front of `input`.
  ///
  /// - Returns: The bounds of the bytes before the delimiter, or nil if there is none yet.
  /// - Throws: `FrameError.frameTooLong` if the payload is longer than the limit, also before its end has
  ///   come: as soon as more bytes wait than the limit, not counting those at the end that may begin the
  ///   delimiter.
  /// - Complexity: O(*n*) in the length of the frame, or of its part that has come, up to the limit.
  public func nextFrame(in input: borrowing RingBuffer) throws(FrameError) -> FrameBounds? {
    let (longest, isUnbounded) = maximumFrameLength.addingReportingOverflow(pattern.bytes.count)
    let searched = isUnbounded ? input.count : min(input.count, longest)
    var matched = 0
    let end = endOfFrame(in: input, searching: searched, matched: &matched)
    // The bytes before the delimiter, or before one that may have begun.
    let length = (end ?? searched) - matched
    guard length <= maximumFrameLength else { throw .frameTooLong(limit: maximumFrameLength) }
    guard end != nil else { return nil }
    return FrameBounds(payload: length, suffix: matched)
  }

  /// The offset behind the first delimiter in the first bytes of `input`.
  private func endOfFrame(in input: borrowing RingBuffer, searching count: Int, matched: inout Int) -> Int? {
    let segments = input.readable(prefix: count)
    if let end = pattern.endOfMatch(in: segments.first, matched: &matched) { return end }
    guard let end = pattern.endOfMatch(in: segments.second, matched: &matched) else { return nil }
    return segments.first.byteCount + end
  }

  /// Whether the delimiter behind `payload` is the first one.
  private func endsFirst(behind payload: Span<UInt8>) -> Bool {
    var matched = 0
    guard pattern.endOfMatch(in: payload, matched: &matched) == nil else { return false }
    return pattern.endOfMatch(in: pattern.bytes.span, matched: &matched) == pattern.bytes.count
  }
}
