public import RingBuffer

/// Frames that all have the same length, with nothing between them.
public struct FixedLengthCodec: InPlaceFrameCodec {
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

  /// Finds the next frame at the front of `input`.
  ///
  /// - Returns: The bounds of the frame, or nil if it is not whole yet.
  /// - Throws: Nothing: any bytes are a frame.
  public func nextFrame(in input: borrowing RingBuffer) throws(FrameError) -> FrameBounds? {
    input.count >= frameLength ? FrameBounds(payload: frameLength) : nil
  }
}
