public import RingBuffer

extension LengthFieldCodec {
  /// Appends a frame with a payload to `output`.
  ///
  /// The payload is all of the frame but its stripped prefix, as `decode` returns it. Of that prefix, the
  /// length is written as computed, and every other byte as zero. If less than the header is stripped, the payload
  /// begins with the rest of the header, which is written as it stands; a length in it must be the right one.
  ///
  /// - Throws: `FrameError.frameTooLong` if the frame would be longer than the limit, or than its field can
  ///   state, with the lesser of the two as `limit`. `FrameError.invalidLength` if the adjustment makes the
  ///   length negative. `FrameError.invalidPayload` if the payload should have, but lacks, a part of the
  ///   header, or has another length there. `output` is left as it was.
  /// - Complexity: O(*n*) in the length of the frame, amortised.
  public func encode(_ payload: [UInt8], into output: inout RingBuffer) throws(FrameError) {
    try encode(payload.span, into: &output)
  }

  /// Appends a frame with a payload to `output`.
  ///
  /// - Throws: The errors of encoding an array. `output` is left as it was.
  /// - Complexity: O(*n*) in the length of the frame, amortised.
  public func encode(_ payload: Span<UInt8>, into output: inout RingBuffer) throws(FrameError) {
    let (frameLength, isOverflow) = strippedPrefixLength.addingReportingOverflow(payload.count)
    guard !isOverflow, frameLength <= longestEncodedLength else {
      throw .frameTooLong(limit: longestEncodedLength)
    }
    guard frameLength >= headerLength else { throw .invalidPayload }
    // At most the largest length of the field, by the first guard.
    let length = frameLength - uncountedLength
    guard length >= 0 else { throw .invalidLength }
    let kept = max(lengthFieldOffset, min(strippedPrefixLength, headerLength))..<headerLength
    for index in kept where payload[index - strippedPrefixLength] != headerByte(at: index, stating: length) {
      throw .invalidPayload
    }
    for index in 0..<strippedPrefixLength { output.writeByte(headerByte(at: index, stating: length)) }
    output.write(payload)
  }

  /// The byte at an offset of a frame that states `length` and is otherwise zero.
  private func headerByte(at index: Int, stating length: Int) -> UInt8 {
    guard index >= lengthFieldOffset && index < headerLength else { return 0 }
    let position = index - lengthFieldOffset
    let significance = byteOrder == .big ? width.rawValue - 1 - position : position
    return UInt8(truncatingIfNeeded: length >> (8 * significance))
  }
}
