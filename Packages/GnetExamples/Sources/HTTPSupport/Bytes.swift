/// What a byte may be part of, by the grammars of RFC 9110 and RFC 9112; mostly several things.
struct CharacterClass: OptionSet {
  let rawValue: UInt8

  /// `DIGIT`.
  static let digit = CharacterClass(rawValue: 1)
  /// `tchar`: methods, field names and the names of codings are made of these.
  static let token = CharacterClass(rawValue: 2)
  /// What a request target may contain: all that is visible, but for the fragment's `#`, which never leaves a client.
  /// Some characters that should have been escaped are let through; nobody takes them for anything else.
  static let target = CharacterClass(rawValue: 4)
  /// `unreserved`, `sub-delims` and `%`: what the name of a host is made of.
  static let host = CharacterClass(rawValue: 8)
  /// What stands between the brackets of an IPv6 address: as in the name of a host, and colons.
  static let address = CharacterClass(rawValue: 16)
  /// `field-vchar`, space and tab: no NUL, no CR, no other control characters.
  static let field = CharacterClass(rawValue: 32)
}

extension CharacterClass {
  /// The classes of each byte.
  fileprivate static let all = (UInt8.min...UInt8.max).map(CharacterClass.init(composedFor:))

  /// The classes that a byte belongs to.
  init(_ byte: UInt8) { self = Self.all[Int(byte)] }

  private init(composedFor byte: UInt8) {
    let isVisible = byte > 0x20 && byte < 0x7F
    let isLetter = isVisible && byte.lowercased >= UInt8(ascii: "a") && byte.lowercased <= UInt8(ascii: "z")
    func isOne(of others: String) -> Bool { isLetter || byte.isDigit || others.utf8.contains(byte) }
    self = []
    if byte.isDigit { insert(.digit) }
    if isOne(of: "!#$%&'*+-.^_`|~") { insert(.token) }
    if isVisible && byte != UInt8(ascii: "#") { insert(.target) }
    if isOne(of: "-._~%!$&'()*+,;=") { insert([.host, .address]) }
    if byte == UInt8(ascii: ":") { insert(.address) }
    if byte >= 0x20 && byte != 0x7F || byte == .tab { insert(.field) }
  }
}

extension UInt8 {
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let tab = UInt8(ascii: "\t")

  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

  /// `OWS` and `BWS`: what may stand around a value.
  var isBlank: Bool { self == .space || self == .tab }

  /// A letter's small form, anything else with bit 5 set: equal only for what is equal but for its case, as long as
  /// one side is a small letter, a digit or a hyphen, and the other is part of a token.
  var lowercased: UInt8 { self | 0x20 }

  /// The value as a hexadecimal digit.
  var hexadecimalValue: Int? {
    if isDigit { return Int(self & 0x0F) }
    let letter = lowercased
    return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f") ? Int(letter - UInt8(ascii: "a")) + 10 : nil
  }
}

/// A line without its end. Its parts are named by their offsets.
typealias Line = Span<UInt8>

extension Line {
  /// The offset of the first byte from `start` on that is not in a class, or the line's end.
  func end(of kind: CharacterClass, from start: Int) -> Int {
    unsafe CharacterClass.all.withUnsafeBufferPointer { classes in
      var index = start
      while index < count, unsafe classes[Int(self[unchecked: index])].contains(kind) { index += 1 }
      return index
    }
  }

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
    let classes = CharacterClass.all
    for index in 0..<range.count {
      let byte = self[range.lowerBound + index]
      guard unsafe byte.lowercased == word.utf8Start[index], classes[Int(byte)].contains(.token) else { return false }
    }
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
