extension Head {
  /// Parses `method SP request-target SP HTTP-version`.
  init(requestLine line: Line) throws(Refusal) {
    let methodEnd = line.end(of: .token, from: 0)
    let method = 0..<methodEnd
    guard !method.isEmpty, methodEnd < line.count, line[methodEnd] == .space else {
      throw .badRequest("the request line does not begin with a method")
    }
    let pathEnd = line.end(of: .path, from: methodEnd + 1)
    // A query may follow the path.
    let targetEnd = line.end(of: .target, from: pathEnd)
    let target = methodEnd + 1..<targetEnd
    guard !target.isEmpty, targetEnd < line.count, line[targetEnd] == .space else {
      throw .badRequest("the request line is not a method, a target and a version with one space between them")
    }
    isHTTP10 = try Self.isHTTP10(targetEnd + 1..<line.count, of: line)
    self.method = Method(line, method)
    if line.equals("CONNECT", in: method) {
      guard Self.isAuthority(target, of: line, mayBeEmpty: false) else { throw Self.invalidTarget }
      path = ""
    } else {
      path = try Self.path(of: target, endingAt: pathEnd, self.method, line)
    }
  }

  private static let invalidTarget = Refusal.badRequest("the request target is malformed")

  /// Parses the version. A higher minor version than ours is answered with ours: RFC 9110, 2.5.
  @inline(__always)
  private static func isHTTP10(_ range: Range<Int>, of line: Line) throws(Refusal) -> Bool {
    if line.equals("HTTP/1.1", in: range) { return false }
    let start = range.lowerBound
    guard range.count == 8, line.equals("HTTP/", in: start..<start + 5), line[start + 5].isDigit,
      line[start + 6] == UInt8(ascii: "."), line[start + 7].isDigit
    else {
      throw .badRequest("the version of HTTP is malformed")
    }
    guard line[start + 5] == UInt8(ascii: "1") else {
      throw Refusal(.versionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    return line[start + 7] == UInt8(ascii: "0")
  }

  /// The path of a target: of a path with a query, of a URL as proxies receive it, or the asterisk of OPTIONS.
  ///
  /// - Parameter end: the start of the query, or the end of the target.
  private static func path(
    of target: Range<Int>, endingAt end: Int, _ method: Method, _ line: Line
  ) throws(Refusal) -> String {
    var start = target.lowerBound
    if line[start] != UInt8(ascii: "/") {
      if case .options = method, line.equals("*", in: target) { return "*" }
      start = try endOfAuthority(in: target, line)
    }
    return start == end ? "/" : line.text(in: start..<end)
  }

  /// The offset of the path in `http://host:port/path`.
  private static func endOfAuthority(in target: Range<Int>, _ line: Line) throws(Refusal) -> Int {
    let schemeEnd = line.offset(of: UInt8(ascii: ":"), in: target)
    let scheme = target.lowerBound..<schemeEnd
    let start = schemeEnd + 3
    guard line.spells("http", in: scheme) || line.spells("https", in: scheme), start < target.upperBound,
      line.equals("://", in: schemeEnd..<start)
    else {
      throw invalidTarget
    }
    let rest = start..<target.upperBound
    let end = min(line.offset(of: UInt8(ascii: "/"), in: rest), line.offset(of: UInt8(ascii: "?"), in: rest))
    guard isAuthority(start..<end, of: line, mayBeEmpty: false) else { throw invalidTarget }
    return end
  }

  /// Whether the bytes are `host` or `host:port`. A user's name is not allowed in HTTP.
  static func isAuthority(_ range: Range<Int>, of line: Line, mayBeEmpty: Bool) -> Bool {
    if range.isEmpty { return mayBeEmpty }
    var hostEnd: Int
    if line[range.lowerBound] == UInt8(ascii: "[") {
      let bracket = line.end(of: .address, from: range.lowerBound + 1)
      guard bracket < range.upperBound, bracket > range.lowerBound + 1, line[bracket] == UInt8(ascii: "]") else {
        return false
      }
      hostEnd = bracket + 1
    } else {
      hostEnd = min(line.end(of: .host, from: range.lowerBound), range.upperBound)
      if hostEnd == range.lowerBound { return false }
    }
    if hostEnd == range.upperBound { return true }
    return line[hostEnd] == UInt8(ascii: ":") && line.end(of: .digit, from: hostEnd + 1) >= range.upperBound
  }
}
