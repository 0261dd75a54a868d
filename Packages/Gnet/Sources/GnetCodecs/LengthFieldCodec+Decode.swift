public import RingBuffer

extension LengthFieldCodec {
  /// Takes the next frame from the front of `input`, and returns its payload.
  ///
  /// - Returns: The frame without its stripped prefix, or nil if it is not whole yet; nothing is taken then.
  /// - Throws: As soon as the header is there, `FrameError.invalidLength` if the length is negative, if with
  ///   the adjustment it overflows, or if the frame would be shorter than its header or its stripped prefix,
  ///   and `FrameError.frameTooLong` if the frame would be longer than the limit. Nothing is taken.
  /// - Complexity: O(*n*) in the length of the frame, and O(1) as long as it is not whole.
  public func decode(from input: inout RingBuffer) throws(FrameError) -> [UInt8]? {
    guard input.count >= headerLength else { return nil }
    let frameLength = try frameLength(stating: statedLength(in: input))
    guard input.count >= frameLength else { return nil }
    input.discard(strippedPrefixLength)
    return input.read(frameLength - strippedPrefixLength)
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
