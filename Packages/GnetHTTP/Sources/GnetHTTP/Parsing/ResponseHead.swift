public import HTTPTypes

/// The head of a response, looked at where it lies: the status line and the header fields, checked by the parser.
///
/// It borrows the bytes. Texts and values of `HTTPTypes` are made on demand.
public struct ResponseHead: ~Escapable {
  /// The bytes, from the version to the end of the empty line.
  public let bytes: Span<UInt8>
  let index: ResponseIndex

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, _ index: ResponseIndex) {
    self.bytes = bytes
    self.index = index
  }

  /// The status, with the reason that belongs to its code.
  public var status: HTTPResponse.Status { HTTPResponse.Status(code: index.code) }

  /// The reason as sent, which may be empty.
  public var reason: String { bytes.extracting(index.reason).repairedText }

  /// Whether the response is interim (1xx): the response to the same request follows. But behind `101 Switching Protocols`
  /// another protocol begins.
  public var isInterim: Bool { index.code < 200 && index.code != 101 }

  /// Whether the server speaks HTTP/1.0; otherwise it speaks HTTP/1.1.
  public var isHTTP10: Bool { index.isHTTP10 }

  /// The framing of the body.
  public var bodyFraming: BodyFraming { index.framing }

  /// Whether the connection takes no further request: the server says so, or the body ends with the connection.
  public var closesConnection: Bool { index.persistence == .close || index.framing == .untilClose }

  /// The field lines.
  private var fieldLines: FieldLines {
    @_lifetime(copy self)
    get { FieldLines(bytes.extracting(index.fieldsStart..<index.end - 2)) }
  }

  // MARK: Fields

  /// Calls `body` with each field, in the order of the head: with the bytes of its name, and with those of its value
  /// without the blanks around it.
  ///
  /// - Complexity: O(*n*) in the bytes of the head.
  public func forEachField<Failure: Error>(
    _ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    try fieldLines.forEach(body)
  }

  /// The value of a field; `nil` if the head has none of that name.
  ///
  /// The values of fields of one name are joined by commas. Joined values of `Set-Cookie` cannot be told apart: see
  /// ``fields``.
  ///
  /// - Complexity: O(*n*) in the bytes of the head.
  public subscript(name: HTTPField.Name) -> String? { fieldLines[name] }

  /// All fields as values of `HTTPTypes`.
  ///
  /// - Complexity: O(*n*) in the bytes of the head, with allocations for each field.
  public var fields: HTTPFields { fieldLines.values }

  /// The head as a value of `HTTPTypes`, for code that is shared with other clients.
  public var httpResponse: HTTPResponse { HTTPResponse(status: status, headerFields: fields) }
}
