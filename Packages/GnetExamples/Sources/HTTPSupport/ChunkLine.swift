internal import RingBuffer

/// The line before a chunk: its size in hexadecimal digits, and perhaps extensions, of which nobody needs any.
enum ChunkLine {
  /// The most digits that are read: those of the largest `Int`.
  private static let maximumDigitCount = 16

  /// The size that a line gives.
  static func size(_ line: Range<Int>, of input: borrowing RingBuffer) throws(Refusal) -> Int {
    var size = 0
    var index = line.lowerBound
    while index < line.upperBound, let digit = input[index].hexadecimalValue {
      guard index - line.lowerBound < maximumDigitCount, size <= Int.max >> 4 else {
        throw .badRequest("the size of a chunk is no number that makes sense")
      }
      size = size << 4 | digit
      index += 1
    }
    guard index > line.lowerBound else { throw .badRequest("a chunk has no size") }
    try checkExtensions(index..<line.upperBound, of: input)
    return size
  }

  /// How many bytes of a line of `length` bytes are no extension's, and charged to none: a body may have many chunks.
  static func usualLength(_ length: Int) -> Int { min(length, maximumDigitCount) + 2 }

  /// `chunk-ext`: a semicolon before each, a name, and perhaps a value, which is a token or quoted.
  private static func checkExtensions(_ range: Range<Int>, of input: borrowing RingBuffer) throws(Refusal) {
    let malformed = Refusal.badRequest("what follows the size of a chunk is no extension")
    var scanner = Scanner(index: range.lowerBound, end: range.upperBound)
    while !scanner.isAtEnd {
      scanner.skipBlanks(in: input)
      guard scanner.skip(UInt8(ascii: ";"), in: input) else { throw malformed }
      scanner.skipBlanks(in: input)
      guard scanner.skipToken(in: input) else { throw malformed }
      let afterName = scanner
      scanner.skipBlanks(in: input)
      guard scanner.skip(UInt8(ascii: "="), in: input) else {
        scanner = afterName
        continue
      }
      scanner.skipBlanks(in: input)
      guard scanner.skipToken(in: input) || scanner.skipQuoted(in: input) else { throw malformed }
    }
  }

  /// A place in a line.
  private struct Scanner {
    var index: Int
    let end: Int

    var isAtEnd: Bool { index == end }

    mutating func skip(_ byte: UInt8, in input: borrowing RingBuffer) -> Bool {
      guard index < end, input[index] == byte else { return false }
      index += 1
      return true
    }

    mutating func skipBlanks(in input: borrowing RingBuffer) {
      while index < end, input[index].isBlank { index += 1 }
    }

    mutating func skipToken(in input: borrowing RingBuffer) -> Bool {
      let start = index
      while index < end, input[index].isTokenCharacter { index += 1 }
      return index > start
    }

    mutating func skipQuoted(in input: borrowing RingBuffer) -> Bool {
      guard skip(UInt8(ascii: "\""), in: input) else { return false }
      while index < end, input[index] != UInt8(ascii: "\"") {
        _ = skip(UInt8(ascii: "\\"), in: input)
        guard index < end, input[index].isFieldCharacter else { return false }
        index += 1
      }
      return skip(UInt8(ascii: "\""), in: input)
    }
  }
}
