internal import RingBuffer

extension Head {
  /// Reads `method SP request-target SP HTTP-version`.
  init(requestLine line: Range<Int>, of input: borrowing RingBuffer) throws(Refusal) {
    let methodEnd = input.offset(of: .space, in: line)
    let method = line.lowerBound..<methodEnd
    guard !method.isEmpty, input.allSatisfy(in: method, \.isTokenCharacter) else {
      throw .badRequest("the request line does not begin with a method")
    }
    let targetStart = min(methodEnd + 1, line.upperBound)
    let targetEnd = input.offset(of: .space, in: targetStart..<line.upperBound)
    let target = targetStart..<targetEnd
    guard !target.isEmpty, targetEnd < line.upperBound, input.allSatisfy(in: target, \.isTargetCharacter) else {
      throw .badRequest("the request line is not a method, a target and a version with one space between them")
    }
    isHTTP10 = try Self.isHTTP10(targetEnd + 1..<line.upperBound, of: input)
    self.method = Method(input, method)
    if input.equals("CONNECT", in: method) {
      guard Self.isAuthority(target, of: input, mayBeEmpty: false) else { throw Self.invalidTarget }
      path = ""
    } else {
      path = try Self.path(of: target, self.method, input)
    }
  }

  private static let invalidTarget = Refusal.badRequest("the request target is malformed")

  /// Reads the version. A minor version above ours is spoken to in ours: RFC 9110, 2.5.
  private static func isHTTP10(_ range: Range<Int>, of input: borrowing RingBuffer) throws(Refusal) -> Bool {
    let start = range.lowerBound
    guard range.count == 8, input.equals("HTTP/", in: start..<start + 5), input[start + 5].isDigit,
      input[start + 6] == UInt8(ascii: "."), input[start + 7].isDigit
    else {
      throw .badRequest("the version of HTTP is malformed")
    }
    guard input[start + 5] == UInt8(ascii: "1") else {
      throw Refusal(.versionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    return input[start + 7] == UInt8(ascii: "0")
  }

  /// The path of a target, which is a path and query, a URL as proxies get it, or the asterisk of OPTIONS.
  private static func path(
    of target: Range<Int>, _ method: Method, _ input: borrowing RingBuffer
  ) throws(Refusal) -> String {
    var start = target.lowerBound
    if input[start] != UInt8(ascii: "/") {
      if method == .options, input.equals("*", in: target) { return "*" }
      start = try endOfAuthority(in: target, input)
    }
    let end = input.offset(of: UInt8(ascii: "?"), in: start..<target.upperBound)
    return start == end ? "/" : input.text(in: start..<end)
  }

  /// Where the path of `http://host:port/path` begins.
  private static func endOfAuthority(in target: Range<Int>, _ input: borrowing RingBuffer) throws(Refusal) -> Int {
    let schemeEnd = input.offset(of: UInt8(ascii: ":"), in: target)
    let scheme = target.lowerBound..<schemeEnd
    let start = schemeEnd + 3
    guard input.spells("http", in: scheme) || input.spells("https", in: scheme), start < target.upperBound,
      input.equals("://", in: schemeEnd..<start)
    else {
      throw invalidTarget
    }
    let rest = start..<target.upperBound
    let end = min(input.offset(of: UInt8(ascii: "/"), in: rest), input.offset(of: UInt8(ascii: "?"), in: rest))
    guard isAuthority(start..<end, of: input, mayBeEmpty: false) else { throw invalidTarget }
    return end
  }

  /// Whether the bytes are `host` or `host:port`. A user's name has no place in HTTP.
  static func isAuthority(_ range: Range<Int>, of input: borrowing RingBuffer, mayBeEmpty: Bool) -> Bool {
    if range.isEmpty { return mayBeEmpty }
    var portStart = input.offset(of: UInt8(ascii: ":"), in: range)
    if input[range.lowerBound] == UInt8(ascii: "[") {
      let bracket = input.offset(of: UInt8(ascii: "]"), in: range)
      guard bracket < range.upperBound, bracket > range.lowerBound + 1,
        input.allSatisfy(in: range.lowerBound + 1..<bracket, { $0.isHostCharacter || $0 == UInt8(ascii: ":") }),
        bracket + 1 == range.upperBound || input[bracket + 1] == UInt8(ascii: ":")
      else { return false }
      portStart = bracket + 1
    } else {
      guard portStart > range.lowerBound,
        input.allSatisfy(in: range.lowerBound..<portStart, \.isHostCharacter)
      else { return false }
    }
    return portStart == range.upperBound || input.allSatisfy(in: portStart + 1..<range.upperBound, \.isDigit)
  }
}
