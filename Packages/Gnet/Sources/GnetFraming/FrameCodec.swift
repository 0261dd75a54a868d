public import RingBuffer

/// Cuts a stream of bytes into frames, and makes a stream of frames.
///
/// A codec is a value without state, so one serves any number of connections on any number of threads:
///
/// ```swift
/// let codec = LineCodec(maximumFrameLength: 1024)
///
/// func echoLines(from input: inout RingBuffer, into output: inout RingBuffer) throws(FrameError) {
///   while let line = try codec.decode(from: &input) { try codec.encode(line, into: &output) }
/// }
/// ```
///
/// The `react` of a server calls `Connection.forEachFrame(of:in:_:)` of Gnet, a loop that stops while the peer does not read.
///
/// Four rules hold for every codec of GnetCodecs:
///
/// - A stream gives the same frames, and then the same error, however it is cut into pieces.
/// - `decode` takes whole frames from its input or nothing, and copies and allocates nothing until a frame is
///   whole. A payload is then one array, copied once. ``decode(from:into:)`` moves it to a ring instead, and
///   ``withFrame(from:_:)`` shows it where it lies: neither makes an array.
/// - After an error nothing has been taken, and the same error follows for as long as these bytes come first.
///   A stream has no frame to go on from there, so the answer is to close the connection, or to discard bytes by
///   rules of one's own and decode again.
/// - `decode` gives back all that `encode` accepts. A payload that is refused leaves the output as it was.
///
/// Having no state, a codec that searches looks again at the bytes of an unfinished frame each time `decode`
/// is called, which for a long frame in many small pieces is quadratic. Two things keep that cheap: an
/// unfinished frame is never longer than the codec's limit, and the search skips a vector at a time. A pass
/// over the default limit of 64 KiB takes about as long as the system call that received the piece, 0.6
/// microseconds where it was measured.
///
/// A codec of one's own is best an ``InPlaceFrameCodec``, which says where a frame lies. Only a codec that transforms
/// payloads implements `decode` itself; the other requirements then have defaults that go by way of an array.
public protocol FrameCodec: Sendable {
  /// Appends `payload` to `output`, framed.
  ///
  /// - Throws: An error if `decode` would not give `payload` back. `output` is then left as it was.
  /// - Complexity: O(*n*) in the length of the frame, amortised.
  func encode(_ payload: [UInt8], into output: inout RingBuffer) throws(FrameError)

  /// Takes the next frame from the front of `input`, and returns its payload, which may be empty.
  ///
  /// - Returns: The payload, or nil if the frame is not whole yet; nothing is taken then.
  /// - Throws: An error as soon as it is certain that there can be no valid frame, whatever follows. Nothing
  ///   is taken then, and the same error is thrown again.
  /// - Complexity: O(*n*) in the length of the frame, or of its part that has come.
  func decode(from input: inout RingBuffer) throws(FrameError) -> [UInt8]?

  /// Appends `payload` to `output`, framed.
  ///
  /// - Throws: An error if `decode` would not give `payload` back. `output` is then left as it was.
  /// - Complexity: O(*n*) in the length of the frame, amortised.
  func encode(_ payload: Span<UInt8>, into output: inout RingBuffer) throws(FrameError)

  /// Takes the next frame from the front of `input`, and moves its payload to the end of `frame`.
  ///
  /// - Returns: Whether there was a whole frame; nothing is taken otherwise.
  /// - Throws: The errors of `decode(from:)`. Nothing is taken then.
  /// - Complexity: O(*n*) in the length of the frame, or of its part that has come.
  func decode(from input: inout RingBuffer, into frame: inout RingBuffer) throws(FrameError) -> Bool

  /// Calls a body with the payload of the next frame at the front of `input`, then takes the frame.
  ///
  /// ```swift
  /// let codec = LineCodec()
  ///
  /// func echoLine(from input: inout RingBuffer, into output: inout RingBuffer) throws(FrameError) -> Bool {
  ///   try codec.withFrame(from: &input) { line throws(FrameError) in try codec.encode(line, into: &output) } != nil
  /// }
  /// ```
  ///
  /// - Returns: The result of the body, or nil if the frame is not whole yet; nothing is taken then.
  /// - Throws: The errors of `decode(from:)`, and those of the body. An
  ///   ``InPlaceFrameCodec`` takes nothing then.
  /// - Complexity: O(*n*) in the length of the frame, or of its part that has come, besides the body.
  func withFrame<Result: ~Copyable>(
    from input: inout RingBuffer, _ body: (Span<UInt8>) throws(FrameError) -> Result
  ) throws(FrameError) -> Result?
}
