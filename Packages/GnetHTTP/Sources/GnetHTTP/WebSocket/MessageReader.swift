internal import RingBuffer

/// Reads messages from a stream of frames that arrives in pieces of any size. It does no input or output.
struct MessageReader: ~Copyable {
  /// A message, or a control frame.
  enum Event: Equatable {
    case text
    case binary
    case ping
    case pong
    case close
  }

  /// The longest header of a frame of a server, in bytes.
  private static let headroom = InlineArray<10, UInt8>(repeating: 0)

  let limit: Int
  /// After the event of a message, all its bytes, for the caller to take. Before, the bytes so far, behind room for the header
  /// of a server's frame: a message that is sent back needs no copy then, and lies in one piece.
  var message = RingBuffer()
  /// The payload of the control frame so far; after its event, the whole.
  private(set) var control: [UInt8] = []
  /// The kind of the message whose fragments arrive.
  private var kind: Opcode?
  private var textCheck = UTF8Check()
  /// The current frame, and the bytes of its payload that are still to come.
  private var frame: FrameHeader?
  private var remaining = 0

  /// - Parameter limit: the most bytes of a message.
  init(limit: Int) { self.limit = limit }

  /// Reads up to the end of the next message or control frame; `nil` if it is not complete.
  mutating func next(from input: inout RingBuffer) throws(WebSocketFailure) -> Event? {
    while true {
      guard let frame else {
        guard let header = try FrameHeader(input) else { return nil }
        input.discard(header.size)
        try begin(header)
        continue
      }
      try take(min(remaining, input.count), of: frame, from: &input)
      if remaining > 0 { return nil }
      self.frame = nil
      if let event = try finish(frame) { return event }
    }
  }

  private mutating func begin(_ header: FrameHeader) throws(WebSocketFailure) {
    switch header.opcode {
    case .continuation: if kind == nil { throw .violation("a fragment belongs to no message") }
    case .text, .binary:
      if kind != nil { throw .violation("a message begins inside another") }
      kind = header.opcode
      message.write(Self.headroom.span)
    case .close, .ping, .pong: control = []
    }
    if !header.opcode.isControl, header.length > limit - (message.count - Self.headroom.count) {
      throw WebSocketFailure(code: 1009, reason: "the message is too long")
    }
    frame = header
    remaining = header.length
  }

  /// Moves bytes of the payload from the input, without their mask.
  private mutating func take(
    _ count: Int, of frame: FrameHeader, from input: inout RingBuffer
  ) throws(WebSocketFailure) {
    let offset = frame.length - remaining
    if frame.opcode.isControl {
      for (index, byte) in input.peek(count).enumerated() { control.append(byte ^ frame.mask.byte(offset + index)) }
    } else if count > 0 {
      let start = message.count
      Masking.copy(count, of: input, mask: frame.mask, from: offset, to: &message)
      if kind == .text { try checkText(from: start) }
    }
    input.discard(count)
    remaining -= count
  }

  /// Refuses a text by its first byte that is not UTF-8.
  private mutating func checkText(from start: Int) throws(WebSocketFailure) {
    message.makeContiguous()
    var check = textCheck
    let isText = check.take(Span(_bytes: message.readable.first.extracting(droppingFirst: start)))
    if !isText { throw .invalidText }
    textCheck = check
  }

  private mutating func finish(_ frame: FrameHeader) throws(WebSocketFailure) -> Event? {
    switch frame.opcode {
    case .ping: return .ping
    case .pong: return .pong
    case .close: return .close
    case .continuation, .text, .binary:
      guard frame.isFinal, let kind else { return nil }
      self.kind = nil
      message.discard(Self.headroom.count)
      guard kind == .text else { return .binary }
      if !textCheck.isComplete { throw .invalidText }
      return .text
    }
  }
}
