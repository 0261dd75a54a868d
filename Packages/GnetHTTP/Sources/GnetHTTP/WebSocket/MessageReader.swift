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

  let limit: Int
  /// The bytes of the message so far; after the event of a message, all of them, for the caller to take.
  var message = RingBuffer()
  /// The payload of the control frame so far; after its event, the whole.
  private(set) var control: [UInt8] = []
  /// The kind of the message whose fragments arrive.
  private var kind: Opcode?
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
      take(min(remaining, input.count), of: frame, from: &input)
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
    case .close, .ping, .pong: control = []
    }
    if !header.opcode.isControl, header.length > limit - message.count {
      throw WebSocketFailure(code: 1009, reason: "the message is too long")
    }
    frame = header
    remaining = header.length
  }

  /// Moves bytes of the payload from the input, without their mask.
  private mutating func take(_ count: Int, of frame: FrameHeader, from input: inout RingBuffer) {
    let offset = frame.length - remaining
    if frame.opcode.isControl {
      for (index, byte) in input.peek(count).enumerated() { control.append(byte ^ frame.mask.byte(offset + index)) }
    } else if count > 0 {
      Masking.copy(count, of: input, mask: frame.mask, from: offset, to: &message)
    }
    input.discard(count)
    remaining -= count
  }

  private mutating func finish(_ frame: FrameHeader) throws(WebSocketFailure) -> Event? {
    switch frame.opcode {
    case .ping: return .ping
    case .pong: return .pong
    case .close: return .close
    case .continuation, .text, .binary:
      guard frame.isFinal, let kind else { return nil }
      self.kind = nil
      guard kind == .text else { return .binary }
      guard isUTF8() else { throw WebSocketFailure(code: 1007, reason: "a text is not UTF-8") }
      return .text
    }
  }

  private mutating func isUTF8() -> Bool {
    message.makeContiguous()
    return (try? UTF8Span(validating: Span(_bytes: message.readable.first))) != nil
  }
}
