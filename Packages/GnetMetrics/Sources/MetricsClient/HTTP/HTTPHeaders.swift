/// The header fields of a request, as far as they matter here.
struct HTTPHeaders {
  /// Whether the client wants to keep the connection; `nil` if it does not say.
  private(set) var keepsAlive: Bool?
  private var hostCount = 0
  private var hasBody = false

  /// Parses the lines of a header; `nil` if a line is no field.
  init?(_ lines: ArraySlice<ArraySlice<UInt8>>) {
    for line in lines {
      // A line with a space in front would continue the line before, which RFC 9112 has deprecated.
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
        line[..<colon].allSatisfy(\.isTokenCharacter)
      else { return nil }
      let value = line[(colon + 1)...]
      guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 9 }) else { return nil }
      let text = String(decoding: value, as: UTF8.self).lowercased()
      let words = text.split { $0 == "," || $0 == " " || $0 == "\t" }
      switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
      case "host":
        hostCount += 1
      case "connection":
        if words.contains("close") {
          keepsAlive = false
        } else if words.contains("keep-alive") {
          keepsAlive = keepsAlive ?? true
        }
      case "content-length":
        guard words.count == 1, words[0].utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        if words[0].contains(where: { $0 != "0" }) { hasBody = true }
      case "transfer-encoding":
        hasBody = true
      default:
        break
      }
    }
  }

  /// The status of the refusal of a request; `nil` if the request can be served.
  func objection(isVersion11: Bool) -> HTTPStatus? {
    // No resource here takes a body, and an unread body would be parsed as the next request.
    if hasBody { return .contentTooLarge }
    return hostCount == 1 || (hostCount == 0 && !isVersion11) ? nil : .badRequest
  }
}
