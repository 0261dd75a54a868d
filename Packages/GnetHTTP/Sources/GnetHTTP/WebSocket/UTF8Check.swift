/// The check whether bytes that arrive in pieces are UTF-8: finds the first byte that cannot be, as soon as it is there.
///
/// Source: the Unicode standard, table 3-7.
struct UTF8Check {
  /// The bytes that the current character still needs.
  private var missingCount = 0
  /// The values that its next byte may have.
  private var next: ClosedRange<UInt8> = 0x80...0xBF

  init() {}

  /// Whether the bytes so far end with a whole character.
  var isComplete: Bool { missingCount == 0 }

  /// Takes the next bytes. Returns whether there is UTF-8 that begins with all bytes so far.
  mutating func take(_ bytes: Span<UInt8>) -> Bool {
    var index = 0
    while index < bytes.count {
      if missingCount == 0 {
        index = Self.endOfASCII(bytes, from: index)
        if index == bytes.count { return true }
      }
      guard take(bytes[index]) else { return false }
      index += 1
    }
    return true
  }

  @inline(__always)
  private mutating func take(_ byte: UInt8) -> Bool {
    if missingCount > 0 {
      guard next.contains(byte) else { return false }
      missingCount -= 1
      next = 0x80...0xBF
      return true
    }
    switch byte {
    case 0x00...0x7F: break
    case 0xC2...0xDF: missingCount = 1
    // Of characters that have a shorter form, and of surrogates, the second byte is excluded.
    case 0xE0: (missingCount, next) = (2, 0xA0...0xBF)
    case 0xED: (missingCount, next) = (2, 0x80...0x9F)
    case 0xE1...0xEF: missingCount = 2
    case 0xF0: (missingCount, next) = (3, 0x90...0xBF)
    case 0xF1...0xF3: missingCount = 3
    case 0xF4: (missingCount, next) = (3, 0x80...0x8F)
    default: return false
    }
    return true
  }

  /// The offset of the first byte from `start` on that is not ASCII; the count if there is none. Searches eight bytes at a time.
  private static func endOfASCII(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index &+ 8 <= bytes.count {
      let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
      if word & 0x8080_8080_8080_8080 != 0 { break }
      index &+= 8
    }
    while index < bytes.count, bytes[index] < 0x80 { index &+= 1 }
    return index
  }
}
