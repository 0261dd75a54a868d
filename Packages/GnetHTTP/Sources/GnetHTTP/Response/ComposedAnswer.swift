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
    var head = Self.head(status, type: type, fields: fields)
    if status.allowsBody { head += "Content-Length: \(length)\r\n".utf8 }
    fieldsCount = head.count
    guard status.allowsBody else {
      head += "\r\n".utf8
      bytes = head
      return
    }
    head.reserveCapacity(head.count + 2 + length)
    head += "\r\n".utf8
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
  static func head(_ status: HTTPResponse.Status, type: String?, fields: HTTPFields) -> [UInt8] {
    var head = Array("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n".utf8)
    if let type, status.allowsBody, fields[.contentType] == nil {
      append(HTTPField(name: .contentType, value: type), to: &head)
    }
    for field in fields where !field.name.isOfServer { append(field, to: &head) }
    return head
  }

  private static func append(_ field: HTTPField, to head: inout [UInt8]) {
    head += field.name.rawName.utf8
    head += ": ".utf8
    // Without line ends, which HTTPTypes replaces.
    head += field.value.utf8
    head += "\r\n".utf8
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
