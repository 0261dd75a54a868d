/// The facts in the header fields that tell where the request ends, and whether the connection stays open.
struct HeadFacts {
  /// The outcome of all fields Transfer-Encoding.
  private enum TransferCoding {
    case chunked
    case repeated
    case unknown
  }

  var isHTTP10 = false
  private(set) var expectsContinue = false
  private var hasHost = false
  private var contentLength: Int?
  private var transferCoding: TransferCoding?
  private var isToBeClosed = false
  private var isToBeKept = false

  init() {}

  /// The state of the connection after the answer.
  var persistence: Persistence {
    if isToBeClosed { return .close }
    if isHTTP10 { return isToBeKept ? .openAsAsked : .close }
    return .open
  }

  /// Parses a line of the header section.
  mutating func addField(_ line: Line) throws(Refusal) {
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

  /// Determines the length of the body, once all fields are known.
  func framing(limit: Int) throws(Refusal) -> BodyFraming {
    if !hasHost && !isHTTP10 { throw .badRequest("there is no Host") }
    guard let transferCoding else {
      let length = contentLength ?? 0
      if length > limit { throw .bodyTooLarge }
      return length == 0 ? .none : .length(length)
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

  private mutating func addHost(_ value: Range<Int>, _ line: Line) throws(Refusal) {
    if hasHost { throw .badRequest("there is more than one Host") }
    guard HeadIndex.isAuthority(value, of: line, mayBeEmpty: true) else { throw .badRequest("the Host is malformed") }
    hasHost = true
  }

  private mutating func addExpectation(_ value: Range<Int>, _ line: Line) throws(Refusal) {
    guard line.spells("100-continue", in: value) else {
      throw Refusal(.expectationFailed, "no expectation but 100-continue can be met")
    }
    // HTTP/1.0 has no interim answers.
    expectsContinue = !isHTTP10
  }

  private mutating func addConnection(_ value: Range<Int>, _ line: Line) {
    line.forEachMember(of: value) { option in
      if line.spells("close", in: option) { isToBeClosed = true }
      if line.spells("keep-alive", in: option) { isToBeKept = true }
    }
  }

  /// Parses digits and nothing else. Two lengths are refused even if they are equal.
  private mutating func addContentLength(_ value: Range<Int>, _ line: Line) throws(Refusal) {
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

  private mutating func addTransferEncoding(_ value: Range<Int>, _ line: Line) {
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
  init(_ line: Line) throws(Refusal) {
    let colon = line.end(of: .token, from: 0)
    guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else {
      throw .badRequest("a field line does not begin with a name and a colon")
    }
    name = 0..<colon
    value = line.trimmingBlanks(colon + 1..<line.count)
  }
}
