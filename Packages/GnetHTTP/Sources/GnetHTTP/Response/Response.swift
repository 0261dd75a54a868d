public import HTTPTypes
public import RingBuffer

/// The answer to a request: complete, or the way in which the answer comes about.
///
/// ```swift
/// let greeting = Response("Hello, World!\n")
/// let missing = Response(.notFound, "There is nothing here.\n")
/// let moved = Response(.movedPermanently, fields: [.location: "/new"])
/// ```
///
/// A complete answer is composed once. When it is sent, only the fields are added that depend on the moment: `Date`,
/// `Server` and `Connection`. So an answer that never changes belongs into a constant.
///
/// The server writes the fields `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` itself, and leaves out
/// those that a handler gives. The answer to a HEAD has no body, whatever the handler gives.
public struct Response: Sendable {
  /// The answer, or the way to it.
  enum Content: Sendable {
    case complete(ComposedAnswer)
    case streamed(StreamedAnswer)
    case waiting(WaitingAnswer)
    case upgrade(UpgradeAnswer)
  }

  let content: Content

  /// Whether the connection closes after the answer, whatever the client asks for.
  public var closesConnection = false

  init(_ content: Content) { self.content = content }

  /// An answer with a body of text.
  ///
  /// - Parameters:
  ///   - status: the status.
  ///   - text: the body.
  ///   - type: the field `Content-Type`.
  ///   - fields: more header fields.
  public init(
    _ status: HTTPResponse.Status, _ text: String, type: String = "text/plain; charset=utf-8",
    fields: HTTPFields = [:]
  ) {
    var text = text
    content = text.withUTF8 { body in
      unsafe .complete(ComposedAnswer(status, type: type, fields: fields, body: body.span.bytes))
    }
  }

  /// The answer 200 with a body of text.
  public init(_ text: String, type: String = "text/plain; charset=utf-8") { self.init(.ok, text, type: type) }

  /// An answer with a body of bytes.
  ///
  /// - Parameters:
  ///   - status: the status.
  ///   - bytes: the body.
  ///   - type: the field `Content-Type`.
  ///   - fields: more header fields.
  public init(
    _ status: HTTPResponse.Status, bytes: [UInt8], type: String = "application/octet-stream", fields: HTTPFields = [:]
  ) {
    content = .complete(unsafe ComposedAnswer(status, type: type, fields: fields, body: bytes.span.bytes))
  }

  /// An answer with a copy of a buffer's bytes as its body.
  ///
  /// - Parameters:
  ///   - status: the status.
  ///   - bytes: the body.
  ///   - type: the field `Content-Type`.
  ///   - fields: more header fields.
  public init(
    _ status: HTTPResponse.Status, bytes: borrowing RingBuffer, type: String = "application/octet-stream",
    fields: HTTPFields = [:]
  ) {
    let segments = bytes.readable
    content = .complete(
      ComposedAnswer(status, type: type, fields: fields, body: segments.first, segments.second))
  }

  /// An answer without a body.
  public init(_ status: HTTPResponse.Status, fields: HTTPFields = [:]) {
    content = .complete(ComposedAnswer(status, type: nil, fields: fields, body: RawSpan()))
  }

  /// The answer of a value of `HTTPTypes`.
  public init(_ response: HTTPResponse, body: [UInt8] = []) {
    content = .complete(
      unsafe ComposedAnswer(response.status, type: nil, fields: response.headerFields, body: body.span.bytes))
  }

  /// The answer to a request that was refused: its status, and the reason as text.
  public init(_ refusal: Refusal) {
    self.init(refusal.status, "\(refusal.status.code) \(refusal.status.reasonPhrase): \(refusal.reason).\n")
  }

  /// The answer of a handler that has failed.
  static let failure = Response(Refusal(.internalServerError, "the server could not answer"))
}
