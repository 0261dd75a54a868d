internal import CRedisEngine

extension Span<UInt8> {
  /// The integer that the bytes spell in the only accepted way: no sign but `-`, no space, no leading zero.
  @inline(__always)
  var integer: Int? {
    // Nearly all integers have few digits and no sign.
    guard count <= 9, count > 0, self[0] != UInt8(ascii: "0") else { return anyInteger }
    var value = 0
    for index in indices {
      let digit = unsafe self[unchecked: index] &- UInt8(ascii: "0")
      if digit > 9 { return anyInteger }
      value = value &* 10 &+ Int(digit)
    }
    return value
  }

  private var anyInteger: Int? {
    guard count > 0, count <= 20 else { return nil }
    let isNegative = self[0] == UInt8(ascii: "-")
    let start = isNegative ? 1 : 0
    guard count > start else { return nil }
    if self[start] == UInt8(ascii: "0") { return count == 1 ? 0 : nil }
    var value = 0
    for index in start..<count {
      let digit = Int(self[index]) - Int(UInt8(ascii: "0"))
      guard digit >= 0, digit <= 9 else { return nil }
      let (product, isTooMuch) = value.multipliedReportingOverflow(by: 10)
      // Computed as a negative number, of which there is one more.
      let (sum, isTooFar) = product.subtractingReportingOverflow(digit)
      if isTooMuch || isTooFar { return nil }
      value = sum
    }
    if isNegative { return value }
    return value == .min ? nil : -value
  }

  /// The number that the bytes spell, as `strtod(3)` reads it: also hexadecimal and infinite, but never NaN.
  var double: Double? {
    guard count > 0, !isSpace(self[0]) else { return nil }
    if let integer, integer.magnitude < 1 << 53 { return Double(integer) }
    guard let (value, isOutOfRange) = wholeNumber else { return nil }
    return isOutOfRange && (value.isInfinite || value.isZero) ? nil : value
  }

  /// The number as a bound, for which redis is less strict: no bytes are zero, and spaces may come first.
  var doubleOrNothing: Double? { wholeNumber?.value }

  /// The number that all bytes spell; `nil` if there is none.
  private var wholeNumber: (value: Double, isOutOfRange: Bool)? {
    var text = array
    text.append(0)
    let number = Platform.number(in: text)
    return number.length == count && !number.value.isNaN ? (number.value, number.isOutOfRange) : nil
  }
}

/// Whether a byte is white space, as `isspace(3)` tells in the C locale.
func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

extension Double {
  /// The text of a score: 17 significant digits, as `printf(3)` writes them with `%.17g`.
  var scoreText: [UInt8] {
    // Integers with no more digits are written as such. Only zero with a minus sign is not.
    if magnitude < 1e17, !isZero || sign == .plus, let integer = Int(exactly: self) { return Array("\(integer)".utf8) }
    if isInfinite { return Array((self < 0 ? "-inf" : "inf").utf8) }
    return Platform.text(of: self)
  }
}

/// The sum of two numbers with fractions, with up to 17 digits behind the point.
func decimalSum(_ left: [UInt8], _ right: [UInt8]) throws(ReplyError) -> [UInt8] {
  var text = [CChar](repeating: 0, count: Int(CREDIS_NUMBER_CAPACITY))
  var length = 0
  let outcome = unsafe left.withUnsafeBytes { left in
    unsafe right.withUnsafeBytes { right in
      unsafe credis_add(
        left.assumingMemoryBound(to: CChar.self).baseAddress, left.count,
        right.assumingMemoryBound(to: CChar.self).baseAddress, right.count, &text, &length)
    }
  }
  switch outcome {
  case CREDIS_SUM: return text[..<length].map { UInt8(bitPattern: $0) }
  case CREDIS_NOT_FINITE: throw ReplyError("ERR increment would produce NaN or Infinity")
  default: throw .notAFloat
  }
}

/// The decimal digits of an integer, without an allocation.
struct Digits {
  private var storage = InlineArray<20, UInt8>(repeating: 0)
  private var start = 20

  init(_ value: Int) {
    var rest = value.magnitude
    repeat {
      start -= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      storage[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest > 0
    if value < 0 {
      start -= 1
      storage[start] = UInt8(ascii: "-")
    }
  }

  var bytes: Bytes {
    @_lifetime(borrow self)
    get { storage.span.extracting(start..<20) }
  }
}
