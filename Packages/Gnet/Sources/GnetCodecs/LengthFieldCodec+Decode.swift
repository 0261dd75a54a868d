public import RingBuffer

extension LengthFieldCodec {
  /// Finds the next frame at the front of `input`.
  ///
  /// - Returns: The bounds of the frame without its stripped prefix, or nil if it is not whole yet.
  /// - Throws: `FrameError.invalidLength` if the length is negative, if with the adjustment it overflows, or if the
  ///   frame would be shorter than its header or its stripped prefix. `FrameError.frameTooLong` if the frame would be
  ///   longer than the limit. Both are thrown as soon as the header is there.
  public func nextFrame(in input: borrowing RingBuffer) throws(FrameError) -> FrameBounds? {
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
