/// The handshake of a WebSocket client (RFC 6455, 4.1), with the key that the RFC has as its example.
struct WebSocketHandshake {
  let request: String

  init(path: String) {
    request =
      "GET \(path) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
  }

  /// The length of a reply: that of its head, once it is there, since nothing may follow.
  static func length(_ reply: [UInt8]) -> Int? {
    let end = Array("\r\n\r\n".utf8)
    return reply.indices.first { reply[$0...].starts(with: end) }.map { $0 + end.count }
  }

  /// Whether a reply takes up WebSocket with the right answer to the key.
  static func isAccepted(_ reply: [UInt8]) -> Bool {
    let lines = String(decoding: reply, as: UTF8.self).split(separator: "\r\n").map(String.init)
    func has(_ name: String, _ value: String) -> Bool {
      lines.contains { line in
        line.lowercased().hasPrefix(name + ":") && line.dropFirst(name.count + 1).drop { $0 == " " } == value
      }
    }
    return lines.first?.hasPrefix("HTTP/1.1 101") == true
      && has("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  }
}

/// Binary messages of one size, each a frame (RFC 6455, 5.2): as a client sends them, and as the server sends them back.
struct WebSocketMessages {
  /// The number of messages: enough to notice a lost or swapped message.
  let count: Int

  /// The client's frames, each with a mask of its own.
  private(set) var masked: [UInt8] = []

  /// The server's frames.
  private(set) var plain: [UInt8] = []

  init(size: Int) {
    count = max(4, 16384 / size)
    let noise = Pattern.noise(count * (size + 4))
    for start in stride(from: 0, to: noise.count, by: size + 4) {
      let mask = Array(noise[start..<start + 4])
      let payload = noise[start + 4..<start + 4 + size]
      masked += Self.header(size, maskBit: 0x80) + mask
      masked += payload.enumerated().map { $1 ^ mask[$0 % 4] }
      plain += Self.header(size, maskBit: 0) + payload
    }
  }

  private static func header(_ size: Int, maskBit: UInt8) -> [UInt8] {
    let (short, byteCount) = size < 126 ? (UInt8(size), 0) : size < 65536 ? (126, 2) : (127, 8)
    return [0x82, maskBit | short]
      + (0..<byteCount).map { UInt8(truncatingIfNeeded: size >> (8 * (byteCount - 1 - $0))) }
  }
}
