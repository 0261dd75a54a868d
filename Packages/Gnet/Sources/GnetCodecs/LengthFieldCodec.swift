/// Frames with a header that states their length.
///
/// ```
/// |<------------------------- frame length ------------------------->|
/// |<---------- header ---------->|
/// | lengthFieldOffset |  width   |                                   |
/// +-------------------+----------+-----------------------------------+
/// |   other fields    |  length  |               body                |
/// +-------------------+----------+-----------------------------------+
/// |<-- strippedPrefixLength  --->|<------------ payload ------------>|
/// ```
///
/// The length counts the body, and the field as well if `includesField`. For a protocol that counts something else,
/// `lengthAdjustment` is added to the length that a frame states:
///
///     frame length = lengthFieldOffset + (includesField ? 0 : width)
///                    + length + lengthAdjustment
///
/// The payload is what is left of the frame without its first `strippedPrefixLength` bytes: by default, the
/// body. Some protocols, with the 12 bytes "HELLO, WORLD" as the body:
///
/// | header, in hexadecimal    | width | parameters                                                        |
/// |---------------------------|-------|-------------------------------------------------------------------|
/// | `000C`                    | two   | the defaults                                                      |
/// | `0C000000`                | four  | `byteOrder: .little`                                              |
/// | `000E`                    | two   | `includesField: true`                                             |
/// | `CAFE 000C`               | two   | `lengthFieldOffset: 2`                                            |
/// | `CAFE 0010`, counting all | two   | `includesField: true, lengthFieldOffset: 2, lengthAdjustment: -2` |
/// | `000C CAFE`               | two   | `lengthAdjustment: 2`; `CAFE` begins the payload                  |
/// | `CAFE 000C`, to be kept   | two   | `lengthFieldOffset: 2, strippedPrefixLength: 0`                   |
///
/// The model is Netty's `LengthFieldBasedFrameDecoder`, of which `includesField` is a shorthand for a
/// `lengthAdjustment` of minus the width, and whose `initialBytesToStrip` is 0 by default.
///
/// The length is an unsigned integer, but for one of eight bytes: its highest bit is taken for a sign, since memory
/// cannot hold a frame that long, and a negative length is an error.
public struct LengthFieldCodec: InPlaceFrameCodec {
  /// The order in which the bytes of a length lie.
  public enum ByteOrder: Sendable {
    /// The most significant byte first: network byte order.
    case big

    /// The least significant byte first.
    case little
  }

  /// The number of bytes that a length takes.
  public enum FieldWidth: Int, Sendable {
    /// A single byte: up to 255.
    case one = 1

    /// Two bytes: up to 65,535.
    case two = 2

    /// Three bytes: up to 16,777,215.
    case three = 3

    /// Four bytes: up to 4,294,967,295.
    case four = 4

    /// Eight bytes, of which the highest bit is a sign.
    case eight = 8

    /// The largest length that the field states.
    var largestLength: Int { self == .eight ? .max : 1 << (8 * rawValue) - 1 }
  }

  /// The number of bytes that the length takes.
  public let width: FieldWidth

  /// The order in which the bytes of the length lie.
  public let byteOrder: ByteOrder

  /// Whether the length counts its own bytes.
  public let includesField: Bool

  /// The length of the longest frame, in bytes, with its header and all that is stripped.
  public let maximumFrameLength: Int

  /// The number of bytes before the length.
  public let lengthFieldOffset: Int

  /// The number of bytes that the length does not count; negative if it counts more than it need.
  public let lengthAdjustment: Int

  /// The number of bytes at the front of a frame that are no part of its payload.
  public let strippedPrefixLength: Int

  /// The number of bytes up to the end of the length.
  let headerLength: Int

  /// The difference between the length of a frame and the length that it states.
  let uncountedLength: Int

  /// The length of the longest frame that can be encoded: the limit, or the most that the field can state.
  let longestEncodedLength: Int

  /// Creates a codec for frames whose header states their length.
  ///
  /// - Parameters:
  ///   - width: The number of bytes that the length takes.
  ///   - byteOrder: The order in which the bytes of the length lie.
  ///   - includesField: Whether the length counts its own bytes.
  ///   - maximumFrameLength: The length of the longest frame, in bytes, with its header and all that is
  ///     stripped. One shorter than the header lets no frame through.
  ///   - lengthFieldOffset: The number of bytes before the length.
  ///   - lengthAdjustment: The number of bytes that the length does not count; negative if it counts some before the
  ///     field.
  ///   - strippedPrefixLength: The number of bytes at the front of a frame that are no part of its payload;
  ///     nil for all up to the end of the length.
  /// - Precondition: `maximumFrameLength` is positive, `lengthFieldOffset` and `strippedPrefixLength` are not
  ///   negative, and the sum of offset, width and adjustment is an `Int`.
  public init(
    width: FieldWidth,
    byteOrder: ByteOrder = .big,
    includesField: Bool = false,
    maximumFrameLength: Int = 1 << 20,
    lengthFieldOffset: Int = 0,
    lengthAdjustment: Int = 0,
    strippedPrefixLength: Int? = nil
  ) {
    precondition(maximumFrameLength > 0, "LengthFieldCodec: the maximum frame length must be positive")
    precondition(lengthFieldOffset >= 0, "LengthFieldCodec: the length field offset cannot be negative")
    let header = lengthFieldOffset.addingReportingOverflow(width.rawValue)
    precondition(!header.overflow, "LengthFieldCodec: the length field offset is too large")
    let uncounted = (includesField ? lengthFieldOffset : header.partialValue)
      .addingReportingOverflow(lengthAdjustment)
    precondition(!uncounted.overflow, "LengthFieldCodec: the length adjustment is too large")
    let stripped = strippedPrefixLength ?? header.partialValue
    precondition(stripped >= 0, "LengthFieldCodec: the stripped prefix length cannot be negative")

    self.width = width
    self.byteOrder = byteOrder
    self.includesField = includesField
    self.maximumFrameLength = maximumFrameLength
    self.lengthFieldOffset = lengthFieldOffset
    self.lengthAdjustment = lengthAdjustment
    self.strippedPrefixLength = stripped
    headerLength = header.partialValue
    uncountedLength = uncounted.partialValue
    let longest = width.largestLength.addingReportingOverflow(uncountedLength)
    longestEncodedLength =
      longest.overflow ? maximumFrameLength : max(0, min(maximumFrameLength, longest.partialValue))
  }
}
