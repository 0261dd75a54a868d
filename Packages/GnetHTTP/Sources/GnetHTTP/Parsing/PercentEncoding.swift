/// The escapes of RFC 3986, a percent sign and two hexadecimal digits.
public enum PercentEncoding {
  /// Decodes all escapes. A percent sign without two digits behind it is kept, and what is no UTF-8 is replaced.
  ///
  /// A `+` is kept: it stands for a space in queries of forms only.
  public static func decode(_ text: some StringProtocol) -> String {
    var bytes = Array(text.utf8)
    guard bytes.contains(UInt8(ascii: "%")) else { return String(text) }
    bytes = rewrite(bytes.span) { value, _, output in output.append(value) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Normalises a path: escapes of characters that need none are decoded, others have capital letters.
  ///
  /// `/%70laintext` becomes `/plaintext`, and an escaped slash stays escaped. A percent sign without two digits behind it is
  /// escaped: decoded digits must not make an escape of it. Source: RFC 3986, 6.2.2.
  static func normalize(_ path: Span<UInt8>) -> [UInt8] {
    rewrite(path, strayPercent: "%25") { value, digits, output in
      if CharacterClass(value).contains(.unreserved) {
        output.append(value)
      } else {
        output.append(UInt8(ascii: "%"))
        for digit in [digits.0, digits.1] { output.append(digit >= UInt8(ascii: "a") ? digit & 0xDF : digit) }
      }
    }
  }

  /// Copies bytes, and has `replace` write each escape.
  ///
  /// - Parameter strayPercent: stands for a percent sign that begins no escape.
  private static func rewrite(
    _ bytes: Span<UInt8>, strayPercent: String = "%",
    _ replace: (_ value: UInt8, _ digits: (UInt8, UInt8), inout [UInt8]) -> Void
  ) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = bytes[index + 1].hexadecimalValue, let low = bytes[index + 2].hexadecimalValue
      {
        replace(UInt8(high << 4 | low), (bytes[index + 1], bytes[index + 2]), &output)
        index += 3
        continue
      }
      if bytes[index] == UInt8(ascii: "%") { output += strayPercent.utf8 } else { output.append(bytes[index]) }
      index += 1
    }
    return output
  }
}
