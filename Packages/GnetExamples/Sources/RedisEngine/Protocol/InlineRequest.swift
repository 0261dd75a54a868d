/// Splits a line into words at white space.
///
/// A word may be in double quotes, with the escapes `\n \r \t \b \a` and `\xHH`, or in single quotes, with `\'` alone.
/// The closing quote ends the word.
///
/// - Returns: `false` if a quote is not closed, or closed in the middle of a word.
func splitLine(_ line: Bytes, into words: inout [UInt8], _ ranges: inout [ArgumentRange]) -> Bool {
  var index = 0
  while true {
    while index < line.count, isSpace(line[index]) { index += 1 }
    guard index < line.count else { return true }
    let start = words.count
    while index < line.count, !endsWord(line[index]) {
      let byte = line[index]
      index += 1
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        guard copyQuoted(line, from: &index, by: byte, into: &words) else { return false }
        guard index == line.count || isSpace(line[index]) else { return false }
      } else {
        words.append(byte)
      }
    }
    ranges.append(ArgumentRange(offset: start, count: words.count - start))
  }
}

/// Whether a byte ends a word. As in redis, vertical tab and form feed do not, although they are skipped between words.
private func endsWord(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): true
  default: false
  }
}

/// Copies quoted bytes up to the closing quote, and skips the quote.
private func copyQuoted(_ line: Bytes, from index: inout Int, by quote: UInt8, into words: inout [UInt8]) -> Bool {
  while index < line.count {
    let byte = line[index]
    index += 1
    if byte == quote { return true }
    guard byte == UInt8(ascii: "\\"), index < line.count else {
      words.append(byte)
      continue
    }
    if quote == UInt8(ascii: "'") {
      if line[index] == quote {
        words.append(quote)
        index += 1
      } else {
        words.append(byte)
      }
    } else if line[index] == UInt8(ascii: "x"), index + 2 < line.count,
      let high = hexadecimal(line[index + 1]), let low = hexadecimal(line[index + 2])
    {
      words.append(high << 4 | low)
      index += 3
    } else {
      words.append(unescaped(line[index]))
      index += 1
    }
  }
  return false
}

private func unescaped(_ byte: UInt8) -> UInt8 {
  switch byte {
  case UInt8(ascii: "n"): UInt8(ascii: "\n")
  case UInt8(ascii: "r"): UInt8(ascii: "\r")
  case UInt8(ascii: "t"): UInt8(ascii: "\t")
  case UInt8(ascii: "b"): 0x08
  case UInt8(ascii: "a"): 0x07
  default: byte
  }
}

private func hexadecimal(_ byte: UInt8) -> UInt8? {
  switch lowercased(byte) {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): lowercased(byte) - UInt8(ascii: "a") + 10
  default: nil
  }
}
