internal import RingBuffer

/// The answers to a batch of requests, sent at once.
struct ReplyBuffer: ~Copyable {
  private(set) var bytes: RingBuffer
  /// Whether the client speaks RESP3, which has types that RESP2 writes as arrays and strings.
  var isRESP3 = false

  var count: Int { bytes.count }

  init(minimumCapacity: Int = 0) { bytes = RingBuffer(minimumCapacity: minimumCapacity) }

  mutating func ok() { raw("+OK\r\n") }
  mutating func null() { if isRESP3 { raw("_\r\n") } else { raw("$-1\r\n") } }
  mutating func nullArray() { if isRESP3 { raw("_\r\n") } else { raw("*-1\r\n") } }

  /// Appends a line for programs, such as the name of a type.
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

  /// Begins an array. The caller appends the elements.
  mutating func array(_ count: Int) { header(UInt8(ascii: "*"), count) }

  /// Begins a map of `count` pairs. The caller appends each key and its value.
  mutating func map(_ count: Int) {
    if isRESP3 { header(UInt8(ascii: "%"), count) } else { array(count * 2) }
  }

  /// Begins a set. The caller appends the members.
  mutating func set(_ count: Int) { header(isRESP3 ? UInt8(ascii: "~") : UInt8(ascii: "*"), count) }

  /// Begins a message that answers no request. The caller appends the elements.
  mutating func push(_ count: Int) { header(isRESP3 ? UInt8(ascii: ">") : UInt8(ascii: "*"), count) }

  /// Appends a text for people.
  mutating func verbatim(_ text: [UInt8]) {
    guard isRESP3 else { return bulk(text) }
    header(UInt8(ascii: "="), text.count + 4)
    raw("txt:")
    bytes.write(text)
    raw("\r\n")
  }

  /// Appends a string of any bytes. Most of a server's output: written straight into the buffer.
  mutating func bulk(_ value: Bytes) {
    let count = value.count
    let free = unsafe bytes.freeSegments(minimumCapacity: count + Self.headerLimit + 2).first
    guard free.count >= count + Self.headerLimit + 2, let start = free.baseAddress else {
      header(UInt8(ascii: "$"), count)
      bytes.write(value)
      raw("\r\n")
      return
    }
    var end = unsafe Self.putHeader(UInt8(ascii: "$"), count, at: start)
    unsafe value.withUnsafeBytes {
      if count > 0 { unsafe (start + end).copyMemory(from: $0.baseAddress!, byteCount: count) }
    }
    end += count
    unsafe (start + end).storeBytes(of: Self.lineEnd, as: UInt16.self)
    bytes.commit(end + 2)
  }

  mutating func bulk(_ value: borrowing [UInt8]) { bulk(value.span) }

  mutating func bulk(_ value: String) { bulk(Array(value.utf8)) }

  mutating func bulk(_ value: [UInt8]?) {
    if let value { bulk(value) } else { null() }
  }

  mutating func score(_ value: Double) {
    guard isRESP3 else { return bulk(value.scoreText) }
    bytes.writeByte(UInt8(ascii: ","))
    bytes.write(value.scoreText)
    raw("\r\n")
  }

  /// Appends whole answers, and leaves `other` empty.
  mutating func append(moving other: inout RingBuffer) { bytes.append(moving: &other) }

  /// Gives the bytes to a closure, which takes them.
  mutating func take(_ body: (inout RingBuffer) -> Void) { body(&bytes) }

  /// Appends a sign, a number and the end of the line.
  private mutating func header(_ kind: UInt8, _ value: Int) {
    let free = unsafe bytes.freeSegments(minimumCapacity: Self.headerLimit).first
    if free.count >= Self.headerLimit, let start = free.baseAddress {
      bytes.commit(unsafe Self.putHeader(kind, value, at: start))
    } else {
      bytes.writeByte(kind)
      bytes.write(Digits(value).bytes)
      raw("\r\n")
    }
  }

  /// The most bytes of a header: a sign, 19 digits and a minus, and the end of the line.
  private static var headerLimit: Int { 23 }
  private static var lineEnd: UInt16 { UInt16(littleEndian: 0x0A0D) }

  /// Writes a header where `headerLimit` bytes are free. Returns its length.
  private static func putHeader(_ kind: UInt8, _ value: Int, at start: UnsafeMutableRawPointer) -> Int {
    unsafe start.storeBytes(of: kind, as: UInt8.self)
    var end = 1
    var rest = value.magnitude
    if value < 0 {
      unsafe start.storeBytes(of: UInt8(ascii: "-"), toByteOffset: 1, as: UInt8.self)
      end = 2
    }
    // The last digit is computed first, so the number of digits must be known before.
    var limit: UInt = 10
    end += 1
    while rest >= limit {
      end += 1
      if limit > UInt.max / 10 { break }
      limit *= 10
    }
    var place = end
    repeat {
      place -= 1
      let quotient = rest / 10
      let digit = UInt8(truncatingIfNeeded: rest &- quotient &* 10)
      unsafe start.storeBytes(of: UInt8(ascii: "0") &+ digit, toByteOffset: place, as: UInt8.self)
      rest = quotient
    } while rest > 0
    unsafe (start + end).storeBytes(of: lineEnd, as: UInt16.self)
    return end + 2
  }

  private mutating func raw(_ text: StaticString) {
    text.withUTF8Buffer { unsafe bytes.write($0.span) }
  }
}
