import RingBuffer

extension RingBuffer {
  /// The unread bytes as text.
  var text: String {
    var bytes: [UInt8] = []
    for offset in 0..<count { bytes.append(self[offset]) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Takes the unread bytes, as text.
  mutating func readText() -> String { String(decoding: readAll(), as: UTF8.self) }
}
