internal import RingBuffer

/// The answers to one batch of requests, in RESP2, to be sent in one go.
struct ReplyBuffer: ~Copyable {
  private(set) var bytes = RingBuffer()

  var count: Int { bytes.count }

  mutating func ok() { raw("+OK\r\n") }
  mutating func null() { raw("$-1\r\n") }
  mutating func nullArray() { raw("*-1\r\n") }

  /// A line for programs, such as the name of a type.
  mutating func status(_ text: StaticString) {
    bytes.writeByte(UInt8(ascii: "+"))
    raw(text)
    raw("\r\n")
  }

  mutating func status(_ text: String) {
    bytes.writeByte(UInt8(ascii: "+"))
    bytes.write(text)
    raw("\r\n")
  }

  mutating func error(_ error: ReplyError) {
    bytes.writeByte(UInt8(ascii: "-"))
    bytes.write(error.text)
    raw("\r\n")
  }

  mutating func integer(_ value: Int) { header(UInt8(ascii: ":"), value) }

  /// The beginning of an array; its elements are to follow.
  mutating func array(_ count: Int) { header(UInt8(ascii: "*"), count) }

  mutating func bulk(_ value: Bytes) {
    header(UInt8(ascii: "$"), value.count)
    bytes.write(value)
    raw("\r\n")
  }

  mutating func bulk(_ value: borrowing [UInt8]) { bulk(value.span) }

  mutating func bulk(_ value: String) { bulk(Array(value.utf8)) }

  mutating func bulk(_ value: [UInt8]?) {
    if let value { bulk(value) } else { null() }
  }

  mutating func score(_ value: Double) { bulk(value.scoreText) }

  /// Gives the bytes away.
  mutating func take(_ body: (inout RingBuffer) -> Void) { body(&bytes) }

  private mutating func header(_ kind: UInt8, _ value: Int) {
    let digits = Digits(value)
    bytes.writeByte(kind)
    bytes.write(digits.bytes)
    raw("\r\n")
  }

  private mutating func raw(_ text: StaticString) {
    text.withUTF8Buffer { unsafe bytes.write($0.span) }
  }
}
