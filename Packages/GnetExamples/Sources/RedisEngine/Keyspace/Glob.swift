/// Whether a text matches a pattern: `*` for anything, `?` for any byte, `[a-z]` and `[^a-z]` for some bytes or for all
/// others, and a backslash before a byte that stands for itself.
///
/// Only the last star is ever tried again, so the time is at most proportional to the product of the lengths.
func matches(_ pattern: Bytes, _ text: Bytes) -> Bool {
  // Only these patterns match an empty text, as in redis.
  if pattern.count == 1, pattern[0] == UInt8(ascii: "*") { return true }
  if text.isEmpty { return pattern.isEmpty }
  var inPattern = 0
  var inText = 0
  var star: (pattern: Int, text: Int)?
  while inText < text.count {
    if inPattern < pattern.count, pattern[inPattern] == UInt8(ascii: "*") {
      inPattern += 1
      star = (inPattern, inText)
      continue
    }
    if inPattern < pattern.count {
      let (isMatch, next) = matchOne(pattern, inPattern, text[inText])
      if isMatch {
        inPattern = next
        inText += 1
        continue
      }
    }
    // The last star takes one byte more.
    guard let last = star else { return false }
    star = (last.pattern, last.text + 1)
    inPattern = last.pattern
    inText = last.text + 1
  }
  while inPattern < pattern.count, pattern[inPattern] == UInt8(ascii: "*") { inPattern += 1 }
  return inPattern == pattern.count
}

/// Matches one byte with the part of a pattern at `index`. Returns the end of the part.
private func matchOne(_ pattern: Bytes, _ index: Int, _ byte: UInt8) -> (Bool, next: Int) {
  switch pattern[index] {
  case UInt8(ascii: "?"): return (true, index + 1)
  case UInt8(ascii: "["): return matchClass(pattern, index + 1, byte)
  case UInt8(ascii: "\\") where index + 1 < pattern.count: return (pattern[index + 1] == byte, index + 2)
  default: return (pattern[index] == byte, index + 1)
  }
}

/// Matches one byte with a class. A class that is not closed ends with the pattern.
///
/// - Parameter start: the index of the first byte behind the bracket.
private func matchClass(_ pattern: Bytes, _ start: Int, _ byte: UInt8) -> (Bool, next: Int) {
  var index = start
  let isNegated = index < pattern.count && pattern[index] == UInt8(ascii: "^")
  if isNegated { index += 1 }
  var isMember = false
  while index < pattern.count, pattern[index] != UInt8(ascii: "]") {
    if pattern[index] == UInt8(ascii: "\\"), index + 1 < pattern.count {
      if pattern[index + 1] == byte { isMember = true }
      index += 2
    } else if index + 2 < pattern.count, pattern[index + 1] == UInt8(ascii: "-") {
      let (low, high) = (min(pattern[index], pattern[index + 2]), max(pattern[index], pattern[index + 2]))
      if byte >= low && byte <= high { isMember = true }
      index += 3
    } else {
      if pattern[index] == byte { isMember = true }
      index += 1
    }
  }
  return (isMember != isNegated, min(index + 1, pattern.count))
}
