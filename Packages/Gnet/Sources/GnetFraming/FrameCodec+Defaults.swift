public import RingBuffer

// A codec need only implement the two requirements on arrays. These make the rest of them, at the cost of an array for
// each frame.

extension FrameCodec {
  /// Appends a payload to `output`, framed, by way of an array.
  ///
  /// - Throws: The error of `encode` for arrays.
  /// - Complexity: O(*n*) in the length of the frame, amortised.
  public func encode(_ payload: Span<UInt8>, into output: inout RingBuffer) throws(FrameError) {
    try encode(unsafe payload.withUnsafeBufferPointer { unsafe [UInt8]($0) }, into: &output)
  }

  /// Takes the next frame from the front of `input`, and moves its payload to the end of `frame`, by way of an array.
  ///
  /// - Returns: Whether there was a whole frame; nothing is taken otherwise.
  /// - Throws: The error of `decode` for arrays.
  /// - Complexity: O(*n*) in the length of the frame, or of its part that has come.
  public func decode(
    from input: inout RingBuffer, into frame: inout RingBuffer
  ) throws(FrameError) -> Bool {
    guard let payload = try decode(from: &input) else { return false }
    frame.write(payload)
    return true
  }

  /// Takes the next frame from the front of `input`, and calls a body with its payload, in an array.
  ///
  /// - Returns: The result of the body, or nil if the frame is not whole yet; nothing is taken then.
  /// - Throws: The error of `decode` for arrays, or of the body. The frame is taken when the body throws.
  /// - Complexity: O(*n*) in the length of the frame, or of its part that has come, besides the body.
  public func withFrame<Result: ~Copyable>(
    from input: inout RingBuffer, _ body: (Span<UInt8>) throws(FrameError) -> Result
  ) throws(FrameError) -> Result? {
    guard let payload = try decode(from: &input) else { return nil }
    return try body(payload.span)
  }

  /// Appends a payload to `output`, framed.
  ///
  /// - Throws: The error of `encode` for spans of bytes.
  /// - Complexity: O(*n*) in the length of the frame, amortised.
  public func encode(_ payload: RawSpan, into output: inout RingBuffer) throws(FrameError) {
    try unsafe payload.withUnsafeBytes { memory throws(FrameError) in
      try unsafe encode(Span(_unsafeElements: memory.bindMemory(to: UInt8.self)), into: &output)
    }
  }
}
