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
    guard payload.count == frameLength else { throw .invalidPayload }
    output.write(payload)
  }

  /// Takes the next frame from the front of `input`.
  ///
  /// - Returns: The frame, or nil if it is not whole yet; nothing is taken then.
  /// - Throws: Nothing: any bytes are a frame.
  /// - Complexity: O(`frameLength`), and O(1) as long as the frame is not whole.
  public func decode(from input: inout RingBuffer) throws(FrameError) -> [UInt8]? {
    guard input.count >= frameLength else { return nil }
    return input.read(frameLength)
  }
}
