import RingBuffer

@testable import GnetHTTP

/// A client's frame, masked.
func frame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, flags: UInt8 = 0) -> [UInt8] {
  let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
  var bytes = [(isFinal ? 0x80 : 0) | flags | opcode]
  switch payload.count {
  case 0..<126: bytes.append(0x80 | UInt8(payload.count))
  case 126..<65536: bytes += [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
  default: bytes += [0xFF] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
  }
  return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
}

/// The outcome of reading a stream of frames.
struct ReaderOutcome: Equatable {
  struct Message: Equatable {
    var event: MessageReader.Event
    var payload: [UInt8]
  }

  var messages: [Message] = []
  var failure: WebSocketFailure?

  /// Reads `bytes`, cut at `cuts`.
  init(_ bytes: [UInt8], cuts: [Int] = [], limit: Int = 1 << 20) {
    var reader = MessageReader(limit: limit)
    var input = RingBuffer()
    var start = 0
    do throws(WebSocketFailure) {
      for end in cuts + [bytes.count] {
        input.write(bytes[start..<end])
        start = end
        while let event = try reader.next(from: &input) {
          let isData = event == .text || event == .binary
          messages.append(Message(event: event, payload: isData ? reader.message.readAll() : reader.control))
        }
      }
    } catch {
      failure = error
    }
  }
}
