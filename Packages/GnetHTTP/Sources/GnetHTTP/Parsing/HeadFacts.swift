internal import HTTPTypes

/// The facts in the header fields that tell where a message ends, and whether the connection stays open.
struct HeadFacts {
  /// The outcome of all fields Transfer-Encoding.
  private enum TransferCoding {
    case chunked
    case repeated
    case unknown
  }

  private let isHTTP10: Bool
  private(set) var expectsContinue = false
  private var hasHost = false
  private var contentLength: Int?
  private var transferCoding: TransferCoding?
  private var isToBeClosed = false
  private var isToBeKept = false

  init(isHTTP10: Bool = false) { self.isHTTP10 = isHTTP10 }

  /// The state of the connection after the answer.
  var persistence: Persistence {
    if isToBeClosed { return .close }
    if isHTTP10 { return isToBeKept ? .keepAliveAnnounced : .close }
    return .keepAlive
  }

  /// Parses a line of a request's header section.
  mutating func addField(_ line: HTTPLine) throws(Refusal) {
    let field = try FieldLine(line)
    // Most fields differ in length from those that matter.
    switch field.name.count {
    case 4 where line.spells("host", in: field.name): try addHost(field.value, line)
    case 6 where line.spells("expect", in: field.name): try addExpectation(field.value, line)
    case 10 where line.spells("connection", in: field.name): addConnection(field.value, line)
    case 14 where line.spells("content-length", in: field.name): try addContentLength(field.value, line)
    case 17 where line.spells("transfer-encoding", in: field.name): addTransferEncoding(field.value, line)
    default: break
    }
  }

  /// Parses a line of a response's header section.
  mutating func addResponseField(_ line: HTTPLine) throws(Refusal) {
    let field = try FieldLine(line)
    switch field.name.count {
    case 10 where line.spells("connection", in: field.name): addConnection(field.value, line)
    case 14 where line.spells("content-length", in: field.name): try addContentLength(field.value, line)
    case 17 where line.spells("transfer-encoding", in: field.name): addTransferEncoding(field.value, line)
    default: break
    }
  }

  // MARK: Framing

  /// Determines the length of a request's body, once all fields are known.
  @inline(__always)
  func framing(limit: Int) throws(Refusal) -> BodyFraming {
    if !hasHost && !isHTTP10 { throw .badRequest("there is no Host") }
    return try declaredFraming(limit: limit) ?? .none
  }

  /// Determines the length of a response's body, once all fields are known. Source: RFC 9112, 6.3.
  ///
  /// - Parameters:
  ///   - code: the status code.
  ///   - method: the method of the request.
  func framing(ofResponse code: Int, to method: HTTPRequest.Method, limit: Int) throws(Refusal) -> BodyFraming {
    // Behind the head is a tunnel. Fields about a body have to be ignored.
    if method == .connect, 200..<300 ~= code { return .none }
    if code < 200 || code == 204 {
      if transferCoding != nil || contentLength ?? 0 > 0 {
        throw .badRequest("a response of a status without a body declares a body")
      }
      return .none
    }
    // Here the fields describe the body that another request would get.
    let isDescribed = method == .head || code == 304
    let declared = try declaredFraming(limit: isDescribed ? .max : limit)
    return isDescribed ? .none : declared ?? .untilClose
  }

  /// The length that the fields declare; `nil` without such a field.
  @inline(__always)
  private func declaredFraming(limit: Int) throws(Refusal) -> BodyFraming? {
    guard let transferCoding else {
      guard let contentLength else { return nil }
      if contentLength > limit { throw .bodyTooLarge }
      return contentLength == 0 ? BodyFraming.none : .length(contentLength)
    }
    if contentLength != nil { throw .badRequest("there is both a Content-Length and a Transfer-Encoding") }
    if isHTTP10 { throw .badRequest("HTTP/1.0 has no Transfer-Encoding") }
    switch transferCoding {
    case .chunked: return .chunked
    case .repeated: throw .badRequest("the Transfer-Encoding is not chunked once")
    case .unknown: throw Refusal(.notImplemented, "no Transfer-Encoding but chunked is understood here")
    }
  }

  // MARK: Fields

  private mutating func addHost(_ value: Range<Int>, _ line: HTTPLine) throws(Refusal) {
    if hasHost { throw .badRequest("there is more than one Host") }
    guard HeadIndex.isAuthority(value, of: line, mayBeEmpty: true) else { throw .badRequest("the Host is malformed") }
    hasHost = true
  }

  private mutating func addExpectation(_ value: Range<Int>, _ line: HTTPLine) throws(Refusal) {
    guard line.spells("100-continue", in: value) else {
      throw Refusal(.expectationFailed, "no expectation but 100-continue can be met")
    }
    // HTTP/1.0 has no interim answers.
    expectsContinue = !isHTTP10
  }

  private mutating func addConnection(_ value: Range<Int>, _ line: HTTPLine) {
    line.forEachMember(of: value) { option in
      if line.spells("close", in: option) { isToBeClosed = true }
      if line.spells("keep-alive", in: option) { isToBeKept = true }
    }
  }

  /// Parses digits and nothing else. Two lengths are refused even if they are equal.
  private mutating func addContentLength(_ value: Range<Int>, _ line: HTTPLine) throws(Refusal) {
    if contentLength != nil { throw .badRequest("there is more than one Content-Length") }
    var length = 0
    for index in value {
      let (tens, isTooLarge) = length.multipliedReportingOverflow(by: 10)
      let (sum, isStillTooLarge) = tens.addingReportingOverflow(Int(line[index] & 0x0F))
      guard line[index].isDigit, !isTooLarge, !isStillTooLarge else { throw Self.invalidLength }
      length = sum
    }
    if value.isEmpty { throw Self.invalidLength }
    contentLength = length
  }

  private static let invalidLength = Refusal.badRequest("the Content-Length is no number that makes sense")

  private mutating func addTransferEncoding(_ value: Range<Int>, _ line: HTTPLine) {
    var isEmpty = true
    line.forEachMember(of: value) { coding in
      isEmpty = false
      if transferCoding == .unknown || !line.spells("chunked", in: coding) {
        transferCoding = .unknown
      } else {
        transferCoding = transferCoding == nil ? .chunked : .repeated
      }
    }
    if isEmpty { transferCoding = .repeated }
  }
}

/// A field line, `name: value`.
struct FieldLine {
  let name: Range<Int>
  /// The value, without the blanks around it.
  let value: Range<Int>

  /// Finds the parts of a line without control characters.
  ///
  /// Refuses a line that continues the one before, and a space before the colon.
  @inline(__always)
  init(_ line: HTTPLine) throws(Refusal) {
    let colon = line.end(of: .token, from: 0)
    guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else {
      throw .badRequest("a field line does not begin with a name and a colon")
    }
    name = 0..<colon
    value = line.trimmingBlanks(colon + 1..<line.count)
  }
}
