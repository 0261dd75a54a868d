/// The first HTTP reply in some bytes, as far as a load generator has to know it.
struct HTTPReply {
  let status: Int
  let body: [UInt8]

  /// The length of the whole reply.
  let count: Int

  /// The range of the value of its `Date` header; empty without the header.
  let date: Range<Int>

  /// Fails as long as the reply is not whole, and if its length is not given by `Content-Length`.
  init?(_ bytes: [UInt8]) {
    let emptyLine = Array("\r\n\r\n".utf8)
    guard
      let headEnd = bytes.indices.first(where: { bytes[$0...].starts(with: emptyLine) }),
      bytes.starts(with: Array("HTTP/1.1 ".utf8)), bytes.count >= 12,
      let status = Int(String(decoding: bytes[9..<12], as: UTF8.self))
    else { return nil }
    var (length, date): (Int?, Range<Int>) = (nil, 0..<0)
    var start = 0
    while start < headEnd {
      let end = bytes[start..<headEnd].indices.first { bytes[$0] == 13 && bytes[$0 + 1] == 10 } ?? headEnd
      if let colon = bytes[start..<end].firstIndex(of: UInt8(ascii: ":")) {
        let valueStart = bytes[(colon + 1)..<end].firstIndex { $0 != 32 } ?? end
        switch String(decoding: bytes[start..<colon], as: UTF8.self).lowercased() {
        case "content-length": length = Int(String(decoding: bytes[valueStart..<end], as: UTF8.self))
        case "date": date = valueStart..<end
        default: break
        }
      }
      start = end + 2
    }
    guard let length, length >= 0, bytes.count - headEnd - 4 >= length else { return nil }
    self.status = status
    self.date = date
    body = Array(bytes[(headEnd + 4)..<(headEnd + 4 + length)])
    count = headEnd + 4 + length
  }
}
