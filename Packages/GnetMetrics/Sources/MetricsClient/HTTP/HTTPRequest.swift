/// A request of HTTP/1.1 without a body. Strict: any deviation from the grammar is refused.
/// Source: RFC 9112.
struct HTTPRequest: Equatable {
  /// The outcome of parsing.
  enum Parsed: Equatable {
    /// The beginning of a request.
    case incomplete
    /// A request, and the number of its bytes.
    case request(HTTPRequest, byteCount: Int)
    /// Bytes that are no request, to be answered with a status.
    case refused(HTTPStatus)
  }

  /// The most bytes that a request may have.
  static let lengthLimit = 8192

  var method: String
  /// The target without its query.
  var path: String
  /// Whether the connection stays for more requests.
  var keepsAlive: Bool

  /// Parses the request at the start of `bytes`. More than `lengthLimit` bytes are never needed.
  static func parse(_ bytes: [UInt8]) -> Parsed {
    guard let end = end(of: bytes) else {
      return bytes.count >= lengthLimit ? .refused(.headerTooLarge) : .incomplete
    }
    var lines = bytes[..<(end - 4)].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // Every line but the last still has its CR.
    for index in lines.indices.dropLast() {
      guard lines[index].last == UInt8(ascii: "\r") else { return .refused(.badRequest) }
      lines[index].removeLast()
    }
    switch RequestLine.parse(lines[0]) {
    case .failure(let status):
      return .refused(status)
    case .success(let line):
      guard let headers = HTTPHeaders(lines.dropFirst()) else { return .refused(.badRequest) }
      if let status = headers.objection(isVersion11: line.isVersion11) { return .refused(status) }
      let request = HTTPRequest(
        method: line.method, path: line.path, keepsAlive: headers.keepsAlive ?? line.isVersion11)
      return .request(request, byteCount: end)
    }
  }

  /// The number of bytes up to the end of the empty line.
  private static func end(of bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    let end: [UInt8] = [13, 10, 13, 10]
    return (0...(bytes.count - 4)).first { bytes[$0..<($0 + 4)].elementsEqual(end) }.map { $0 + 4 }
  }
}

/// The first line of a request.
private struct RequestLine {
  let method: String
  let path: String
  let isVersion11: Bool

  static func parse(_ line: ArraySlice<UInt8>) -> Result<RequestLine, HTTPStatus> {
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(\.isTokenCharacter),
      !parts[1].isEmpty, parts[1].allSatisfy({ 0x21...0x7E ~= $0 })
    else { return .failure(.badRequest) }
    let version = String(decoding: parts[2], as: UTF8.self)
    guard version.wholeMatch(of: /HTTP\/[0-9]\.[0-9]/) != nil else { return .failure(.badRequest) }
    guard version.hasPrefix("HTTP/1.") else { return .failure(.versionNotSupported) }
    guard let path = path(String(decoding: parts[1], as: UTF8.self)) else { return .failure(.badRequest) }
    return .success(
      RequestLine(
        method: String(decoding: parts[0], as: UTF8.self), path: path, isVersion11: version != "HTTP/1.0"))
  }

  /// The path of a target in origin form or in absolute form.
  private static func path(_ target: String) -> String? {
    let path: Substring
    if target.hasPrefix("/") {
      path = target[...]
    } else if target.lowercased().hasPrefix("http://") {
      let rest = target.dropFirst("http://".count)
      path = rest.firstIndex { $0 == "/" || $0 == "?" }.map { rest[$0...] } ?? "/"
    } else {
      return nil
    }
    return String(path.prefix { $0 != "?" })
  }
}

extension UInt8 {
  /// Whether the byte may stand in a method or in the name of a header field.
  var isTokenCharacter: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default:
      "!#$%&'*+-.^_`|~".utf8.contains(self)
    }
  }
}
