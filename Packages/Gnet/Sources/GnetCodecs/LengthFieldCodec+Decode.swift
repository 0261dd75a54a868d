public import RingBuffer

extension LengthFieldCodec {
  /// Takes the next frame from the front of `input`, and returns its payload.
  ///
  /// - Returns: The frame without its stripped prefix, or nil if it is not whole yet; nothing is taken then.
  /// - Throws: `FrameError.invalidLength` if the length is negative, if with the adjustment it overflows, or if the
  ///   frame would be shorter than its header or its stripped prefix. `FrameError.frameTooLong` if the frame would be
  ///   longer than the limit. Both are thrown as soon as the header is there, and nothing is taken.
  /// - Complexity: O(*n*) in the length of the frame, and O(1) as long as it is not whole.
  public func decode(from input: inout RingBuffer) throws(FrameError) -> [UInt8]? {
    try nextFrame(in: input)?.read(from: &input)
  }

  /// Takes the next frame from the front of `input`, and moves its payload to the end of `frame`.
  ///
  /// Nothing is allocated but the storage of `frame` as it grows.
  ///
  /// - Returns: Whether there was a whole frame; nothing is taken otherwise.
  /// - Throws: The errors of `decode(from:)`.
  /// - Complexity: O(*n*) in the length of the frame, and O(1) as long as it is not whole.
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
  /// - Complexity: O(*n*) in the length of the frame, and O(1) as long as it is not whole, besides the body.
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
    guard input.count >= headerLength else { return nil }
    let frameLength = try frameLength(stating: statedLength(in: input))
    guard input.count >= frameLength else { return nil }
    return FrameBounds(prefix: strippedPrefixLength, payload: frameLength - strippedPrefixLength)
  }

  /// The bits of the length field of a frame whose header is there.
  private func statedLength(in input: borrowing RingBuffer) -> UInt64 {
    var length: UInt64 = 0
    for index in 0..<width.rawValue {
      let position = byteOrder == .big ? index : width.rawValue - 1 - index
      length = length << 8 | UInt64(input[lengthFieldOffset + position])
    }
    return length
  }

  /// The length of a frame whose header states `length`.
  private func frameLength(stating length: UInt64) throws(FrameError) -> Int {
    guard let length = Int(exactly: length) else { throw .invalidLength }
    let (frameLength, isOverflow) = length.addingReportingOverflow(uncountedLength)
    guard !isOverflow, frameLength >= headerLength, frameLength >= strippedPrefixLength else {
      throw .invalidLength
    }
    guard frameLength <= maximumFrameLength else { throw .frameTooLong(limit: maximumFrameLength) }
    return frameLength
  }
}
