public import GnetFraming
public import RingBuffer

extension Connection {
  /// Calls `body` with the payload of each whole frame at the front of `input`, where it lies, and takes the frame; for the
  /// `react` of a handler that answers frames.
  ///
  /// ```swift
  /// import Gnet
  /// import GnetCodecs
  ///
  /// struct LineEcho: ConnectionHandler {
  ///   let codec = LineCodec(maximumFrameLength: 4096)
  ///
  ///   mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
  ///     do {
  ///       return try connection.forEachFrame(of: codec, in: &input) { connection, line in
  ///         if line.isEmpty { return .close }
  ///         connection.write(line)
  ///         connection.write("\n")
  ///         return .none
  ///       }
  ///     } catch {
  ///       return .close  // a line that is too long
  ///     }
  ///   }
  /// }
  /// ```
  ///
  /// The loop over the frames stops by itself, and leaves the rest in `input`:
  ///
  /// - while ``isOutputFull``: `react` is called again when the output has drained, so that pending output exceeds the
  ///   high watermark by no more than one answer;
  /// - after an action other than ``Action/none``, ``close()``, ``abort()`` or ``become(_:)-(Service)`` of the body;
  /// - while ``isReadingPaused``, for a body that cannot answer at once: continue with ``wake()`` when it has.
  ///
  /// No array is made if `codec` is an ``InPlaceFrameCodec``, as all codecs of GnetCodecs are.
  ///
  /// - Returns: The action of the body that has ended the loop, or ``Action/none``: the answer of `react`.
  /// - Throws: The error of a frame that is not valid, as soon as the frames before it are answered, or of the body. The
  ///   frame stays in `input`: close the connection, with a last answer if the protocol has one.
  /// - Complexity: O(*n*) in the bytes of the frames, besides the body.
  public mutating func forEachFrame(
    of codec: some FrameCodec, in input: inout RingBuffer,
    _ body: (inout Connection, Span<UInt8>) throws(FrameError) -> Action
  ) throws(FrameError) -> Action {
    while takesFrames {
      let action = try codec.withFrame(from: &input) { frame throws(FrameError) in try body(&self, frame) }
      guard let action else { return .none }
      if action != .none { return action }
    }
    return .none
  }

  /// Whether the handler is to go on with the frames that have arrived.
  private var takesFrames: Bool {
    let life = state.pointee.life
    guard !isOutputFull, life.ending == .none, life.flags.isDisjoint(with: [.readingPaused, .aborted]) else {
      return false
    }
    return !life.flags.contains(.hasRequests) || state.pointee.successor == nil
  }
}
