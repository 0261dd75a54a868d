internal import RingBuffer

/// The meaning of a frame. Source: RFC 6455, 5.2.
enum Opcode: UInt8 {
  case continuation = 0
  case text = 1
  case binary = 2
  case close = 8
  case ping = 9
  case pong = 10

  var isControl: Bool { rawValue >= 8 }
}

/// The reason why a connection is closed, and the code of the close.
struct WebSocketFailure: Error, Equatable {
  let code: UInt16
  let reason: String

  static func violation(_ reason: String) -> WebSocketFailure { WebSocketFailure(code: 1002, reason: reason) }
  static let invalidText = WebSocketFailure(code: 1007, reason: "a text is not UTF-8")
}

/// The header of a client's frame.
struct FrameHeader {
  let opcode: Opcode
  let isFinal: Bool
  let length: Int
  /// The key of the mask, its first byte in the lowest bits.
  let mask: UInt32
  /// The number of bytes of the header.
  let size: Int

  /// Parses the header at the start of the input; `nil` if it is not complete.
  init?(_ input: borrowing RingBuffer) throws(WebSocketFailure) {
    guard input.count >= 2 else { return nil }
    let (first, second) = (input[0], input[1])
    guard first & 0x70 == 0 else { throw .violation("a reserved bit is set") }
    guard let opcode = Opcode(rawValue: first & 0x0F) else { throw .violation("an opcode is reserved") }
    guard second & 0x80 != 0 else { throw .violation("a frame is not masked") }
    isFinal = first & 0x80 != 0
    let short = Int(second & 0x7F)
    if opcode.isControl && (!isFinal || short > 125) { throw .violation("a control frame is too long or in fragments") }
    let lengthSize = short == 126 ? 2 : short == 127 ? 8 : 0
    size = 2 + lengthSize + 4
    guard input.count >= size else { return nil }
    var long: UInt64 = 0
    for index in 2..<2 + lengthSize { long = long << 8 | UInt64(input[index]) }
    if lengthSize == 2 && long < 126 || lengthSize == 8 && long <= 0xFFFF || long > Int.max {
      throw .violation("a length is not in its shortest form")
    }
    length = lengthSize == 0 ? short : Int(long)
    var mask: UInt32 = 0
    for index in 0..<4 { mask |= UInt32(input[size - 4 + index]) << (8 * UInt32(index)) }
    self.mask = mask
    self.opcode = opcode
  }

  // MARK: Frames of the server

  /// The header of a whole message or a control frame: its bytes, and their number.
  static func bytes(_ opcode: Opcode, _ length: Int) -> (bytes: InlineArray<10, UInt8>, count: Int) {
    var bytes = InlineArray<10, UInt8>(repeating: 0)
    bytes[0] = 0x80 | opcode.rawValue
    if length < 126 {
      bytes[1] = UInt8(length)
      return (bytes, 2)
    }
    let size = length <= 0xFFFF ? 2 : 8
    bytes[1] = size == 2 ? 126 : 127
    for index in 0..<size { bytes[2 + index] = UInt8(truncatingIfNeeded: length >> (8 * (size - 1 - index))) }
    return (bytes, 2 + size)
  }

  /// A whole control frame of at most 125 bytes.
  static func controlFrame(_ opcode: Opcode, _ payload: [UInt8]) -> [UInt8] {
    assert(payload.count <= 125)
    return [0x80 | opcode.rawValue, UInt8(payload.count)] + payload
  }

  /// A close with a code and a reason.
  static func closeFrame(_ code: UInt16, _ reason: String) -> [UInt8] {
    // Whole characters, so that the reason stays UTF-8.
    var reason = reason
    while reason.utf8.count > 123 { reason.removeLast() }
    return controlFrame(.close, [UInt8(code >> 8), UInt8(code & 0xFF)] + reason.utf8)
  }
}
