extension UInt8 {
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let tab = UInt8(ascii: "\t")

  /// Whether the byte is a control character other than the tab. Such a byte begins the end of a line.
  var isControl: Bool { self < .space || self == 0x7F }

  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

  /// Whether the byte is a space or a tab, `OWS` and `BWS` in the grammar.
  var isBlank: Bool { self == .space || self == .tab }

  /// The byte with bit 5 set: a letter in lower case.
  ///
  /// Two bytes with the same result are equal but for case if one is a small letter, a digit or a hyphen, and the other
  /// is part of a token.
  var lowercased: UInt8 { self | 0x20 }

  /// The value as a hexadecimal digit.
  var hexadecimalValue: Int? {
    if isDigit { return Int(self & 0x0F) }
    let letter = lowercased
    return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f") ? Int(letter - UInt8(ascii: "a")) + 10 : nil
  }
}

/// A line of a message without its end, or the lines of a head. The parts of a line are ranges of offsets.
struct HTTPLine: ~Escapable {
  let bytes: Span<UInt8>

  @_lifetime(copy bytes)
  @inline(__always)
  init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  @inline(__always)
  var count: Int { bytes.count }
  var isEmpty: Bool { bytes.isEmpty }

  @inline(__always)
  subscript(_ offset: Int) -> UInt8 { bytes[offset] }

  /// The byte at an offset that is known to lie in the line.
  @unsafe
  @inline(__always)
  subscript(unchecked offset: Int) -> UInt8 { unsafe bytes[unchecked: offset] }

  /// The offset of the first byte from `start` on that is not in a class; the count of the line if there is none.
  @inline(__always)
  func end(of kind: CharacterClass, from start: Int) -> Int {
    var index = start
    while index < count, unsafe CharacterClass(self[unchecked: index]).contains(kind) { index &+= 1 }
    return index
  }

  /// The offset of the first control character from `start` on; the count of the line if there is none.
  ///
  /// Searches eight bytes at a time.
  func endOfText(from start: Int) -> Int {
    var index = start
    while index &+ 8 <= count {
      let eight = unsafe UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
      let marks = eight.controlMarks
      if marks != 0 { return index &+ marks.trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < count, unsafe !self[unchecked: index].isControl { index &+= 1 }
    return index
  }

  /// Whether the bytes in `range` are `text`.
  @inline(__always)
  func equals(_ text: StaticString, in range: Range<Int>) -> Bool {
    let part = bytes.extracting(range)
    guard part.count == text.utf8CodeUnitCount else { return false }
    for index in part.indices where unsafe part[unchecked: index] != text.utf8Start[index] { return false }
    return true
  }

  /// Whether the bytes in `range` are `word`, in any case.
  ///
  /// - Parameter word: Small letters, digits and hyphens.
  @inline(__always)
  func spells(_ word: StaticString, in range: Range<Int>) -> Bool {
    let part = bytes.extracting(range)
    guard part.count == word.utf8CodeUnitCount else { return false }
    for index in part.indices {
      let byte = unsafe part[unchecked: index]
      guard unsafe byte.lowercased == word.utf8Start[index], CharacterClass(byte).contains(.token) else { return false }
    }
    return true
  }

  /// The offset of the first `byte` in `range`; the end of the range if there is none.
  func offset(of byte: UInt8, in range: Range<Int>) -> Int {
    for index in range where self[index] == byte { return index }
    return range.upperBound
  }

  /// `range` without the spaces and tabs at both its ends.
  @inline(__always)
  func trimmingBlanks(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, self[start].isBlank { start &+= 1 }
    while end > start, self[end &- 1].isBlank { end &-= 1 }
    return unsafe Range(uncheckedBounds: (start, end))
  }

  /// Calls `body` with the members of a comma-separated list, without the blanks around them. Skips empty members.
  func forEachMember<Failure>(of list: Range<Int>, _ body: (Range<Int>) throws(Failure) -> Void) throws(Failure) {
    var start = list.lowerBound
    while start <= list.upperBound {
      let end = offset(of: UInt8(ascii: ","), in: start..<list.upperBound)
      let member = trimmingBlanks(start..<end)
      if !member.isEmpty { try body(member) }
      start = end + 1
    }
  }

  /// The bytes in `range` as text; they must be ASCII. Up to 15 bytes need no allocation.
  func text(in range: Range<Int>) -> String {
    unsafe bytes.extracting(range).withUnsafeBufferPointer { part in
      unsafe String(unsafeUninitializedCapacity: part.count) { buffer in
        unsafe buffer.initialize(fromContentsOf: part)
      }
    }
  }
}

extension UInt64 {
  /// The control characters among the eight bytes of a word: bit 7 is set in the lowest byte that is one, and the word
  /// is 0 if there is none. The bits of higher bytes mean nothing.
  ///
  /// Subtracting 0x20 from a byte borrows if the byte is below 0x20, and a borrow reaches higher bytes only. Source:
  /// Sean Eron Anderson, "Bit Twiddling Hacks".
  fileprivate var controlMarks: UInt64 {
    let each = 0x0101_0101_0101_0101 as UInt64
    let deleteCleared = self ^ (each &* 0x7F)
    let isBelowSpace = (self &- each &* 0x20) & ~self
    let isDelete = (deleteCleared &- each) & ~deleteCleared
    return (isBelowSpace | isDelete) & (each &* 0x80)
  }
}
