/// The reason that bytes are not a frame, or that a payload cannot be made one.
public enum FrameError: Error, Equatable {
  /// The frame is longer than the codec can carry, in bytes.
  ///
  /// Each codec says at its `maximumFrameLength` which bytes count.
  case frameTooLong(limit: Int)

  /// The length in a frame's header is negative, overflows, or is shorter than the header itself.
  ///
  /// Encoding throws it when the header would have to state a negative length.
  case invalidLength

  /// The payload would not come out of its frame as it went in, such as one that contains the delimiter.
  case invalidPayload
}
