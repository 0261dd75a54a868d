internal import RingBuffer

// The character classes of RFC 9110 and RFC 9112.
extension UInt8 {
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let tab = UInt8(ascii: "\t")

  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

  private var isLetter: Bool { lowercased >= UInt8(ascii: "a") && lowercased <= UInt8(ascii: "z") }

  /// `OWS` and `BWS`: what may stand around a value.
  var isBlank: Bool { self == .space || self == .tab }

  /// A letter's small form, anything else with bit 5 set: equal only for what is equal but for its case, as long as
  /// one side is a small letter, a digit or a hyphen.
  var lowercased: UInt8 { self | 0x20 }

  /// The value as a hexadecimal digit.
  var hexadecimalValue: Int? {
    if isDigit { return Int(self & 0x0F) }
    let letter = lowercased
    return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f") ? Int(letter - UInt8(ascii: "a")) + 10 : nil
  }

  /// `tchar`: methods, field names and the names of codings are made of these.
  var isTokenCharacter: Bool {
    if isLetter || isDigit { return true }
    return switch self {
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
      UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// `field-vchar`, space and tab: no NUL, no CR, no other control characters.
  var isFieldCharacter: Bool { self >= 0x20 && self != 0x7F || self == .tab }

  /// What a request target may contain: all that is visible, but for the fragment's `#`, which never leaves a client.
  /// Some characters that should have been escaped are let through; nobody takes them for anything else.
  var isTargetCharacter: Bool { self > 0x20 && self < 0x7F && self != UInt8(ascii: "#") }

  /// `unreserved`, `sub-delims` and `%`: what the name of a host is made of.
  var isHostCharacter: Bool {
    if isLetter || isDigit { return true }
    return switch self {
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"),
      UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
      UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
      UInt8(ascii: "="):
      true
    default: false
    }
  }
}

// Stretches of unread bytes are named by their offsets, so it does not matter where the ring wraps.
extension RingBuffer {
  /// Whether the bytes in `range` are `text`.
  func equals(_ text: StaticString, in range: Range<Int>) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for index in 0..<range.count where unsafe self[range.lowerBound + index] != text.utf8Start[index] { return false }
    return true
  }

  /// Whether the bytes in `range` are `word`, in any case.
  ///
  /// - Parameter word: Small letters, digits and hyphens.
  func spells(_ word: StaticString, in range: Range<Int>) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    for index in 0..<range.count {
      let byte = self[range.lowerBound + index]
      guard unsafe byte.lowercased == word.utf8Start[index], byte.isTokenCharacter else { return false }
    }
    return true
  }

  /// Whether `test` holds for all bytes in `range`.
  func allSatisfy(in range: Range<Int>, _ test: (UInt8) -> Bool) -> Bool {
    for index in range where !test(self[index]) { return false }
    return true
  }

  /// The offset of the first `byte` in `range`, or its end.
  func offset(of byte: UInt8, in range: Range<Int>) -> Int {
    for index in range where self[index] == byte { return index }
    return range.upperBound
  }

  /// `range` without the spaces and tabs at both its ends.
  func trimmingBlanks(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return start..<end
  }

  /// Calls `body` with the members of a comma-separated list, without the blanks around them; empty ones are left out.
  func forEachMember<Failure>(of list: Range<Int>, _ body: (Range<Int>) throws(Failure) -> Void) throws(Failure) {
    var start = list.lowerBound
    while start <= list.upperBound {
      let end = offset(of: UInt8(ascii: ","), in: start..<list.upperBound)
      let member = trimmingBlanks(start..<end)
      if !member.isEmpty { try body(member) }
      start = end + 1
    }
  }

  /// The bytes in `range`, which are ASCII, as text; up to 15 of them take no memory.
  func text(in range: Range<Int>) -> String {
    unsafe String(unsafeUninitializedCapacity: range.count) { buffer in
      for index in 0..<range.count { unsafe buffer[index] = self[range.lowerBound + index] }
      return range.count
    }
  }
}
