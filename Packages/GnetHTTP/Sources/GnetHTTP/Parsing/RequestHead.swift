public import HTTPTypes

/// The head of a request, looked at where it lies: the request line and the header fields, checked by the parser.
///
/// It borrows the bytes. Texts and values of `HTTPTypes` are made on demand.
public struct RequestHead: ~Escapable {
  /// The bytes, from the method to the end of the empty line.
  public let bytes: Span<UInt8>
  let index: HeadIndex

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, _ index: HeadIndex) {
    self.bytes = bytes
    self.index = index
  }

  /// The method.
  public var method: HTTPRequest.Method {
    switch index.method {
    case .get: .get
    case .head: .head
    case .post: .post
    case .put: .put
    case .delete: .delete
    case .options: .options
    case .trace: .trace
    case .patch: .patch
    case .connect: .connect
    case .other: HTTPRequest.Method(HTTPLine(bytes).text(in: 0..<index.methodEnd)) ?? .get
    }
  }

  /// The bytes of the path as sent, without the query: `/` for a URL without a path, `*` for the server as a whole, and
  /// nothing for CONNECT.
  public var pathBytes: Span<UInt8> {
    @_lifetime(copy self)
    get { bytes.extracting(index.path) }
  }

  /// The path as sent, without the query. Up to 15 bytes need no allocation.
  public var path: String { HTTPLine(bytes).text(in: index.path) }

  /// The text behind the question mark of the target, as sent; `nil` if there is none.
  public var query: String? { index.query.map { HTTPLine(bytes).text(in: $0) } }

  /// The target as sent: a path with its query, a URL, `*`, or a host and a port for CONNECT.
  public var target: String { HTTPLine(bytes).text(in: index.target) }

  /// Whether the client speaks HTTP/1.0; otherwise it speaks HTTP/1.1.
  public var isHTTP10: Bool { index.isHTTP10 }

  /// The framing of the body.
  public var bodyFraming: BodyFraming { index.framing }

  /// Whether the client waits for a `100 Continue` before it sends the body.
  public var expectsContinue: Bool { index.expectsContinue }

  /// The field lines.
  var fieldLines: FieldLines {
    @_lifetime(copy self)
    get { FieldLines(bytes.extracting(index.fieldsStart..<index.end - 2)) }
  }
}
