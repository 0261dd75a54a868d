/// A line of a datagram: `NAME:VALUE|KIND`, and for a part of the events `|@RATE`.
struct Sample {
  enum Kind: Substring {
    case counter = "c"
    case timer = "ms"
    case gauge = "g"
    case set = "s"
  }

  let name: String
  let kind: Kind
  let text: String
  /// The value as a number; 0 for a member of a set.
  let number: Double
  /// The events that the sample stands for.
  var weight = 1.0

  /// Whether the sample changes a gauge instead of setting it.
  var isRelative: Bool { text.hasPrefix("+") || text.hasPrefix("-") }

  /// Parses a line; `nil` if it breaks a rule.
  init?(_ line: Substring) {
    let parts = line.split(separator: "|", omittingEmptySubsequences: false)
    guard 2...3 ~= parts.count, let colon = parts[0].firstIndex(of: ":"), let kind = Kind(rawValue: parts[1]) else {
      return nil
    }
    (name, self.kind) = (String(parts[0][..<colon]), kind)
    text = String(parts[0][parts[0].index(after: colon)...])
    let isPrintable = name.unicodeScalars.allSatisfy { $0.value > 32 && $0.value < 127 }
    guard !name.isEmpty, isPrintable, !text.isEmpty, let number = kind == .set ? 0 : Double(text), number.isFinite
    else { return nil }
    self.number = number
    if parts.count == 3 {
      guard parts[2].hasPrefix("@"), let rate = Double(parts[2].dropFirst()), rate > 0, rate <= 1 else { return nil }
      weight = 1 / rate
    }
  }
}
