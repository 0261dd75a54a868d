/// The line before a chunk: its size in hexadecimal digits, and extensions, which are checked and ignored.
enum ChunkLine {
  /// The most digits of a size: those of the largest `Int`.
  private static let maximumDigitCount = 16

  /// Parses the size of a chunk.
  static func size(_ line: HTTPLine) throws(Refusal) -> Int {
    var size = 0
    var index = 0
    while index < line.count, let digit = line[index].hexadecimalValue {
      guard index < maximumDigitCount, size <= Int.max >> 4 else {
        throw .badRequest("the size of a chunk is no number that makes sense")
      }
      size = size << 4 | digit
      index += 1
    }
    guard index > 0 else { throw .badRequest("a chunk has no size") }
    try checkExtensions(index..<line.count, of: line)
    return size
  }

  /// The number of bytes in a line of `length` bytes that are not extensions. A limit does not count them: a body may
  /// have many chunks.
  static func usualLength(_ length: Int) -> Int { min(length, maximumDigitCount) + 2 }

  /// Checks `chunk-ext`: for each extension a semicolon, a name, and perhaps a value, either a token or quoted.
  private static func checkExtensions(_ range: Range<Int>, of line: HTTPLine) throws(Refusal) {
    let malformed = Refusal.badRequest("what follows the size of a chunk is no extension")
    var scanner = Scanner(index: range.lowerBound, end: range.upperBound)
    while !scanner.isAtEnd {
      scanner.skipBlanks(in: line)
      guard scanner.skip(UInt8(ascii: ";"), in: line) else { throw malformed }
      scanner.skipBlanks(in: line)
      guard scanner.skipToken(in: line) else { throw malformed }
      let afterName = scanner
      scanner.skipBlanks(in: line)
      guard scanner.skip(UInt8(ascii: "="), in: line) else {
        scanner = afterName
        continue
      }
      scanner.skipBlanks(in: line)
      guard scanner.skipToken(in: line) || scanner.skipQuoted(in: line) else { throw malformed }
    }
  }

  /// A place in a line.
  private struct Scanner {
    var index: Int
    let end: Int

    var isAtEnd: Bool { index == end }

    mutating func skip(_ byte: UInt8, in line: HTTPLine) -> Bool {
      guard index < end, line[index] == byte else { return false }
      index += 1
      return true
    }

    mutating func skipBlanks(in line: HTTPLine) {
      while index < end, line[index].isBlank { index += 1 }
    }

    mutating func skipToken(in line: HTTPLine) -> Bool {
      let start = index
      while index < end, CharacterClass(line[index]).contains(.token) { index += 1 }
      return index > start
    }

    mutating func skipQuoted(in line: HTTPLine) -> Bool {
      guard skip(UInt8(ascii: "\""), in: line) else { return false }
      while index < end, line[index] != UInt8(ascii: "\"") {
        _ = skip(UInt8(ascii: "\\"), in: line)
        guard index < end, CharacterClass(line[index]).contains(.field) else { return false }
        index += 1
      }
      return skip(UInt8(ascii: "\""), in: line)
    }
  }
}
