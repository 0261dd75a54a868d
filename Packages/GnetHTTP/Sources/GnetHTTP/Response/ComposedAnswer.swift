internal import HTTPTypes

/// The bytes of a complete answer, except for the fields that are known only when the answer is sent.
struct ComposedAnswer: Sendable {
  /// The two constant parts: the status line and fields, then the end of the head and the body. Fields that are known
  /// only when the answer is sent go between them.
  private let bytes: [UInt8]
  private let fieldsCount: Int

  /// Composes an answer, whose body lies in up to two places.
  init(
    _ status: HTTPResponse.Status, type: String?, fields: HTTPFields, body: RawSpan, _ rest: RawSpan = RawSpan()
  ) {
    precondition(status.code >= 200, "Response: the status \(status.code) is no answer")
    let length = body.byteCount + rest.byteCount
    var head = Self.head(status, type: type, fields: fields, reserving: status.allowsBody ? length : 0)
    if status.allowsBody { head.appendField("Content-Length", String(length)) }
    fieldsCount = head.count
    head += "\r\n".utf8
    guard status.allowsBody else {
      bytes = head
      return
    }
    unsafe body.withUnsafeBytes { unsafe head.append(contentsOf: $0) }
    unsafe rest.withUnsafeBytes { unsafe head.append(contentsOf: $0) }
    bytes = head
  }

  /// The status line and the constant fields, without the empty line at the end of a head.
  var head: Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(first: fieldsCount) }
  }

  /// The empty line at the end of a head, and the body.
  var rest: Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(droppingFirst: fieldsCount) }
  }

  /// The bytes behind the head: none for a HEAD.
  var body: Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(droppingFirst: fieldsCount + 2) }
  }

  /// A status line and fields, without the fields that the server writes.
  ///
  /// - Parameter count: the bytes that may follow the head: memory for all is allocated once.
  static func head(
    _ status: HTTPResponse.Status, type: String?, fields: HTTPFields, reserving count: Int = 0
  ) -> [UInt8] {
    var head: [UInt8] = []
    head.reserveCapacity(usualHeadCount + count)
    head += "HTTP/1.1 ".utf8
    head += String(status.code).utf8
    head += " ".utf8
    head += status.reasonPhrase.utf8
    head += "\r\n".utf8
    if let type, status.allowsBody, fields[.contentType] == nil {
      // A text with line ends goes through HTTPTypes, which replaces them.
      let isClean = type.utf8.allSatisfy { CharacterClass($0).contains(.field) }
      head.appendField("Content-Type", isClean ? type : HTTPField(name: .contentType, value: type).value)
    }
    for field in fields where !field.name.isOfServer { head.appendField(field.name.rawName, field.value) }
    return head
  }

  /// The bytes of a head with a few fields.
  private static var usualHeadCount: Int { 160 }
}

extension [UInt8] {
  /// Appends a field line. The value has no line ends.
  fileprivate mutating func appendField(_ name: String, _ value: String) {
    self += name.utf8
    self += ": ".utf8
    self += value.utf8
    self += "\r\n".utf8
  }
}

extension HTTPResponse.Status {
  /// Whether an answer of this status may have a body.
  var allowsBody: Bool { code != 204 && code != 304 }
}

extension HTTPField.Name {
  /// Whether the server writes the field itself.
  fileprivate var isOfServer: Bool {
    self == .contentLength || self == .transferEncoding || self == .connection || self == .date
  }
}
