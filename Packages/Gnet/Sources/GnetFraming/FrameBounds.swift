public import RingBuffer

/// The place of a frame at the front of a ring, in bytes.
///
/// ```
/// | prefix | payload | suffix | what follows ...
/// ```
///
/// An ``InPlaceFrameCodec`` finds the bounds of a frame, and all forms of decoding take the payload by them.
public struct FrameBounds: Sendable, Hashable {
  /// The number of bytes before the payload, such as a header.
  public let prefix: Int

  /// The number of bytes of the payload.
  public let payload: Int

  /// The number of bytes behind the payload, such as a delimiter.
  public let suffix: Int

  /// The bounds of a frame.
  ///
  /// - Precondition: No number is negative.
  public init(prefix: Int = 0, payload: Int, suffix: Int = 0) {
    precondition(prefix >= 0 && payload >= 0 && suffix >= 0, "FrameBounds: a number of bytes cannot be negative")
    self.prefix = prefix
    self.payload = payload
    self.suffix = suffix
  }

  /// Traps if the ring does not have the whole frame: a codec has found bounds that are not there.
  private func check(_ input: borrowing RingBuffer) {
    precondition(
      payload <= input.count && prefix <= input.count - payload && suffix <= input.count - payload - prefix,
      "FrameBounds: the frame is longer than the input")
  }
}

extension FrameBounds {
  /// Takes the frame, and returns a copy of its payload.
  @usableFromInline
  func read(from input: inout RingBuffer) -> [UInt8] {
    check(input)
    if prefix > 0 { input.discard(prefix) }
    let bytes = input.read(payload)
    if suffix > 0 { input.discard(suffix) }
    return bytes
  }

  /// Takes the frame, and moves its payload to the end of another ring.
  @usableFromInline
  func move(from input: inout RingBuffer, into frame: inout RingBuffer) {
    check(input)
    if prefix > 0 { input.discard(prefix) }
    input.read(payload, into: &frame)
    if suffix > 0 { input.discard(suffix) }
  }

  /// Calls a body with the payload where it lies, then takes the frame. When the body throws, nothing is taken.
  @usableFromInline
  func lend<Result: ~Copyable>(
    from input: inout RingBuffer, _ body: (Span<UInt8>) throws(FrameError) -> Result
  ) throws(FrameError) -> Result {
    check(input)
    let end = prefix + payload
    let firstCount = input.readable(prefix: end).first.byteCount
    // The payload lies in the first span, in the second, or in both.
    if prefix < firstCount && firstCount < end { input.makeContiguous() }
    let result = try Self.lend(input.readable(prefix: end), from: prefix, body)
    input.discard(end + suffix)
    return result
  }

  /// Calls a body with the bytes from `start` on, which lie in one of the two segments.
  private static func lend<Result: ~Copyable>(
    _ segments: RingBuffer.Segments, from start: Int, _ body: (Span<UInt8>) throws(FrameError) -> Result
  ) throws(FrameError) -> Result {
    let firstCount = segments.first.byteCount
    let isInFirst = segments.second.byteCount == 0
    assert(isInFirst || start >= firstCount)
    let bytes =
      isInFirst
      ? segments.first.extracting(droppingFirst: start)
      : segments.second.extracting(droppingFirst: start - firstCount)
    return try unsafe bytes.withUnsafeBytes { memory throws(FrameError) in
      try unsafe body(Span(_unsafeElements: memory.bindMemory(to: UInt8.self)))
    }
  }
}
