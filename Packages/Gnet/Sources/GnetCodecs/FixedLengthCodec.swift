public import RingBuffer

/// Frames that all have the same length, with nothing between them.
public struct FixedLengthCodec: FrameCodec {
  /// The length of every frame, in bytes.
  public let frameLength: Int

  /// Creates a codec for frames of one length.
  ///
  /// - Parameter frameLength: The length of every frame, in bytes.
  /// - Precondition: `frameLength` is positive.
  public init(frameLength: Int) {
    precondition(frameLength > 0, "FixedLengthCodec: the frame length must be positive")
    self.frameLength = frameLength
  }

  /// Appends a payload to `output` as it stands.
  ///
  /// - Throws: `FrameError.invalidPayload` if the payload has another length. `output` is left as it was.
  /// - Complexity: O(`frameLength`), amortised.
  public func encode(_ payload: [UInt8], into output: inout RingBuffer) throws(FrameError) {
    try encode(payload.span, into: &output)
  }

  /// Appends a payload to `output`.
  ///
  /// - Throws: The errors of encoding an array. `output` is left as it was.
  /// - Complexity: O(`frameLength`), amortised.
  public func encode(_ payload: Span<UInt8>, into output: inout RingBuffer) throws(FrameError) {
    guard payload.count == frameLength else { throw .invalidPayload }
    output.write(payload)
  }

  /// Takes the next frame from the front of `input`.
  ///
  /// - Returns: The frame, or nil if it is not whole yet; nothing is taken then.
  /// - Throws: Nothing: any bytes are a frame.
  /// - Complexity: O(`frameLength`), and O(1) as long as the frame is not whole.
  public func decode(from input: inout RingBuffer) throws(FrameError) -> [UInt8]? {
    try nextFrame(in: input)?.read(from: &input)
  }

  /// Takes the next frame from the front of `input`, and moves its payload to the end of `frame`.
  ///
  /// Nothing is allocated but the storage of `frame` as it grows.
  ///
  /// - Returns: Whether there was a whole frame; nothing is taken otherwise.
  /// - Throws: The errors of `decode(from:)`.
  /// - Complexity: O(`frameLength`), and O(1) as long as the frame is not whole.
  public func decode(
    from input: inout RingBuffer, into frame: inout RingBuffer
  ) throws(FrameError) -> Bool {
    guard let bounds = try nextFrame(in: input) else { return false }
    bounds.move(from: &input, into: &frame)
    return true
  }

  /// Calls a body with the payload of the next frame at the front of `input`, where it lies, then takes the frame.
  ///
  /// - Returns: The result of the body, or nil if the frame is not whole yet; nothing is taken then.
  /// - Throws: The errors of `decode(from:)`, and those of the body; nothing is taken then.
  /// - Complexity: O(`frameLength`), and O(1) as long as the frame is not whole, besides the body.
  ///   A payload that wraps around the end of the storage is made contiguous first.
  public func withFrame<Result: ~Copyable>(
    from input: inout RingBuffer, _ body: (Span<UInt8>) throws(FrameError) -> Result
  ) throws(FrameError) -> Result? {
    guard let bounds = try nextFrame(in: input) else { return nil }
    return try bounds.lend(from: &input, body)
  }

  /// The bounds of the next frame, or nil if it is not whole yet.
  @inline(__always)
  private func nextFrame(in input: borrowing RingBuffer) throws(FrameError) -> FrameBounds? {
    input.count >= frameLength ? FrameBounds(payload: frameLength) : nil
  }
}
