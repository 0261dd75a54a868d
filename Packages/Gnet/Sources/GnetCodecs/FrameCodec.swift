public import RingBuffer

/// Cuts a stream of bytes into frames, and makes a stream of frames.
///
/// A codec is a value without state, so one serves any number of connections on any number of threads:
///
/// ```swift
/// let codec = LineCodec(maximumFrameLength: 1024)
/// events.react = { connection, input in
///   var output = RingBuffer()
///   defer { connection.write(moving: &output) }
///   do {
///     while let line = try codec.decode(from: &input) { try codec.encode(line, into: &output) }
///     return .none
///   } catch {
///     return .close
///   }
/// }
/// ```
///
/// Four rules hold for every codec of this module:
///
/// - A stream gives the same frames, and then the same error, however it is cut into pieces.
/// - `decode` takes whole frames from its input or nothing, and copies and allocates nothing until a frame is
///   whole. A payload is then one array, copied once.
/// - After an error nothing has been taken, and the same error follows for as long as these bytes come first.
///   A stream has no frame to go on from there, so the answer is to close the connection; who knows better
///   may discard bytes and decode again.
/// - What `encode` accepts, `decode` gives back; what it refuses leaves its output as it was.
///
/// Having no state, a codec that searches looks again at the bytes of an unfinished frame each time `decode`
/// is called, which for a long frame in many small pieces is quadratic. Two things keep that cheap: an
/// unfinished frame is never longer than the codec's limit, and the search skips a vector at a time. A pass
/// over the default limit of 64 KiB takes about as long as the system call that received the piece, 0.6
/// microseconds where it was measured.
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
  /// - Complexity: O(*n*) in the length of the frame, or of what there is of it.
  func decode(from input: inout RingBuffer) throws(FrameError) -> [UInt8]?
}
