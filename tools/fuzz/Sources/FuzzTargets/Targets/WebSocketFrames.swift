import RingBuffer

@testable import GnetHTTP

extension FuzzTarget {
  static func webSocket(_ choices: inout Choices) {
    let (limit, seed) = (choices.number(0...256), choices.byte())
    let messages = outcome(of: choices.rest, cutBy: seed) { Messages($0, limit: limit) }
    expectEqual(messages, Messages(reading: choices.rest, limit: limit), "the messages differ from those of an array")
  }
}

/// The messages and control frames of a stream, and the code of the failure that ends it.
private struct Messages: Equatable {
  struct Message: Equatable {
    var event: MessageReader.Event
    var payload: [UInt8]
  }

  var messages: [Message] = []
  var failure: UInt16?

  /// Reads with the reader of GnetHTTP.
  init(_ arrival: Arrival, limit: Int) {
    var reader = MessageReader(limit: limit)
    arrival.feed { input in
      do throws(WebSocketFailure) {
        while let event = try reader.next(from: &input) {
          let isData = event == .text || event == .binary
          messages.append(Message(event: event, payload: isData ? reader.message.readAll() : reader.control))
        }
        return true
      } catch {
        failure = error.code
        return false
      }
    }
  }

  // MARK: The same of a whole array

  private struct Failure: Error { var code: UInt16 }

  /// Reads frame by frame, as RFC 6455, 5.2 and 5.4, describes them.
  init(reading stream: ArraySlice<UInt8>, limit: Int) {
    var (rest, kind, message) = (stream, nil as UInt8?, [] as [UInt8])
    do throws(Failure) {
      while let frame = try Self.frame(&rest, ofMessage: kind, message, limit) {
        switch frame.opcode {
        case 8: messages.append(Message(event: .close, payload: frame.payload))
        case 9: messages.append(Message(event: .ping, payload: frame.payload))
        case 10: messages.append(Message(event: .pong, payload: frame.payload))
        default:
          if frame.opcode > 0 { kind = frame.opcode }
          message += frame.payload
          guard frame.isFinal else { continue }
          if kind == 1 && String(validating: message, as: UTF8.self) == nil { throw Failure(code: 1007) }
          messages.append(Message(event: kind == 1 ? .text : .binary, payload: message))
          (kind, message) = (nil, [])
        }
      }
    } catch {
      failure = error.code
    }
  }

  /// The next frame, which is taken; `nil` if it is not whole.
  ///
  /// - Parameters:
  ///   - kind: the opcode of the message that has begun; `nil` if none has.
  ///   - message: the bytes of that message.
  private static func frame(
    _ rest: inout ArraySlice<UInt8>, ofMessage kind: UInt8?, _ message: [UInt8], _ limit: Int
  ) throws(Failure) -> (opcode: UInt8, isFinal: Bool, payload: [UInt8])? {
    let bytes = Array(rest)
    guard bytes.count >= 2 else { return nil }
    let (opcode, isFinal, short) = (bytes[0] & 0x0f, bytes[0] >= 0x80, Int(bytes[1] & 0x7f))
    let isControl = opcode >= 8
    let isKnown = bytes[0] & 0x70 == 0 && [0, 1, 2, 8, 9, 10].contains(opcode)
    guard isKnown, bytes[1] >= 0x80, !isControl || isFinal && short < 126 else { throw Failure(code: 1002) }
    let start = short == 126 ? 4 : short == 127 ? 10 : 2
    guard bytes.count >= start + 4 else { return nil }
    let stated = bytes[2..<start].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let length = start == 2 ? UInt64(short) : stated
    let shortest = length < 126 ? 2 : length < 65536 ? 4 : 10
    let isInPlace = isControl || (opcode == 0) == (kind != nil)
    guard start == shortest, length <= Int.max, isInPlace else { throw Failure(code: 1002) }
    if !isControl && length > limit - message.count { throw Failure(code: 1009) }
    let mask = bytes[start..<start + 4]
    let payload = bytes[(start + 4)...].prefix(Int(length)).enumerated().map { $1 ^ mask[start + $0 % 4] }
    // A text is refused by its first wrong byte, also before its frame is whole.
    let isText = !isControl && (kind ?? opcode) == 1
    if isText && !beginsText(message + payload) { throw Failure(code: 1007) }
    guard payload.count == length else { return nil }
    rest = rest.dropFirst(start + 4 + payload.count)
    return (opcode, isFinal, payload)
  }

  /// Whether bytes are the beginning of a text in UTF-8: some bytes that continue the last character make them one.
  private static func beginsText(_ bytes: [UInt8]) -> Bool {
    let ends: [[UInt8]] = [
      [], [0x80], [0x80, 0x80], [0x80, 0x80, 0x80], [0x90, 0x80, 0x80], [0xa0, 0x80],
    ]
    return ends.contains { String(validating: bytes + $0, as: UTF8.self) != nil }
  }
}
