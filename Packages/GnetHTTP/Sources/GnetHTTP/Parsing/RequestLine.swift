extension HeadIndex {
  /// Parses `method SP request-target SP HTTP-version`.
  init(startLine line: HTTPLine) throws(Refusal) {
    methodEnd = line.end(of: .token, from: 0)
    guard methodEnd > 0, methodEnd < line.count, line[methodEnd] == .space else {
      throw .badRequest("the request line does not begin with a method")
    }
    queryStart = line.end(of: .path, from: methodEnd + 1)
    // A query may follow the path.
    targetEnd = line.end(of: .target, from: queryStart)
    guard targetEnd > methodEnd + 1, targetEnd < line.count, line[targetEnd] == .space else {
      throw .badRequest("the request line is not a method, a target and a version with one space between them")
    }
    isHTTP10 = try Self.isHTTP10(targetEnd + 1..<line.count, of: line)
    method = KnownMethod(line, 0..<methodEnd)
    if method == .connect {
      guard Self.isAuthority(target, of: line, mayBeEmpty: false) else { throw Self.invalidTarget }
      path = targetEnd..<targetEnd
    } else {
      path = try Self.path(of: target, endingAt: queryStart, method, line)
    }
    fieldsStart = line.count + 2
  }

  private static let invalidTarget = Refusal.badRequest("the request target is malformed")

  /// Parses the version. A higher minor version than ours is answered with ours: RFC 9110, 2.5.
  @inline(__always)
  static func isHTTP10(_ range: Range<Int>, of line: HTTPLine) throws(Refusal) -> Bool {
    if line.equals("HTTP/1.1", in: range) { return false }
    let start = range.lowerBound
    guard range.count == 8, line.equals("HTTP/", in: start..<start + 5), line[start + 5].isDigit,
      line[start + 6] == UInt8(ascii: "."), line[start + 7].isDigit
    else {
      throw .badRequest("the version of HTTP is malformed")
    }
    guard line[start + 5] == UInt8(ascii: "1") else {
      throw Refusal(.httpVersionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    return line[start + 7] == UInt8(ascii: "0")
  }

  /// The path of a target: of a path with a query, of a URL as proxies receive it, or the asterisk of OPTIONS.
  ///
  /// - Parameter end: the start of the query, or the end of the target.
  @inline(__always)
  private static func path(
    of target: Range<Int>, endingAt end: Int, _ method: KnownMethod, _ line: HTTPLine
  ) throws(Refusal) -> Range<Int> {
    if line[target.lowerBound] == UInt8(ascii: "/") { return target.lowerBound..<end }
    if method == .options, line.equals("*", in: target) { return target }
    return try pathOfURL(in: target, endingAt: end, line)
  }

  /// The path in `http://host:port/path`.
  @inline(never)
  private static func pathOfURL(
    in target: Range<Int>, endingAt end: Int, _ line: HTTPLine
  ) throws(Refusal) -> Range<Int> {
    let schemeEnd = line.offset(of: UInt8(ascii: ":"), in: target)
    let scheme = target.lowerBound..<schemeEnd
    let start = schemeEnd + 3
    guard line.spells("http", in: scheme) || line.spells("https", in: scheme), start < target.upperBound,
      line.equals("://", in: schemeEnd..<start)
    else {
      throw invalidTarget
    }
    let rest = start..<target.upperBound
    let authorityEnd = min(line.offset(of: UInt8(ascii: "/"), in: rest), line.offset(of: UInt8(ascii: "?"), in: rest))
    guard isAuthority(start..<authorityEnd, of: line, mayBeEmpty: false) else { throw invalidTarget }
    // Without a path, a slash of the scheme's end is it.
    return authorityEnd == end ? schemeEnd + 1..<schemeEnd + 2 : authorityEnd..<end
  }

  /// Whether the bytes are `host` or `host:port`. A user's name is not allowed in HTTP.
  static func isAuthority(_ range: Range<Int>, of line: HTTPLine, mayBeEmpty: Bool) -> Bool {
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
