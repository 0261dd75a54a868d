package import RingBuffer

/// A request that has arrived as a whole, as far as a handler here needs to know it.
package struct Request: ~Copyable {
  /// The method.
  package let method: Method

  /// Whether the method is HEAD, whose answer has no body.
  package var isHead: Bool { method == .head }

  /// The path of the target as sent, without the query; `*` for the server as a whole.
  package let path: String

  /// The state of the connection after the answer.
  package let persistence: Persistence

  /// The body, without the framing of chunks.
  package var body: RingBuffer
}

/// A request method.
package enum Method: Sendable, Hashable {
  case get, head, post, put, delete, options, trace, patch
  /// A method that is not implemented here.
  case other

  init(_ line: Line, _ range: Range<Int>) {
    self =
      switch range.count {
      case 3 where line.equals("GET", in: range): .get
      case 3 where line.equals("PUT", in: range): .put
      case 4 where line.equals("HEAD", in: range): .head
      case 4 where line.equals("POST", in: range): .post
      case 5 where line.equals("PATCH", in: range): .patch
      case 5 where line.equals("TRACE", in: range): .trace
      case 6 where line.equals("DELETE", in: range): .delete
      case 7 where line.equals("OPTIONS", in: range): .options
      default: .other
      }
  }
}

/// The state of a connection after an answer.
package enum Persistence: Sendable, Hashable {
  /// The connection stays open, as is usual in HTTP/1.1.
  case open
  /// The connection stays open, and the answer says so: an HTTP/1.0 client has asked for it.
  case openAsAsked
  /// The connection closes.
  case close
}

/// The reason why a request is refused.
///
/// The bytes behind such a request cannot be trusted: the connection is closed after the answer.
package struct Refusal: Error, Hashable {
  /// The status of the answer.
  package let status: Status

  /// The reason, in one sentence.
  package let reason: String

  init(_ status: Status, _ reason: String) {
    self.status = status
    self.reason = reason
  }

  /// The bytes are no HTTP.
  package static func badRequest(_ reason: String) -> Refusal { Refusal(.badRequest, reason) }

  /// The stream ended in the middle of a request.
  package static let cutShort = Refusal(.badRequest, "the request ends too early")

  /// The request took too long to arrive.
  package static let timeout = Refusal(.requestTimeout, "the request did not arrive in time")
}

/// A status code and its phrase.
package enum Status: Int, Sendable {
  case ok = 200
  case noContent = 204
  case badRequest = 400
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case contentTooLarge = 413
  case uriTooLong = 414
  case expectationFailed = 417
  case headerFieldsTooLarge = 431
  case notImplemented = 501
  case versionNotSupported = 505

  /// The reason phrase.
  package var phrase: String {
    switch self {
    case .ok: "OK"
    case .noContent: "No Content"
    case .badRequest: "Bad Request"
    case .notFound: "Not Found"
    case .methodNotAllowed: "Method Not Allowed"
    case .requestTimeout: "Request Timeout"
    case .contentTooLarge: "Content Too Large"
    case .uriTooLong: "URI Too Long"
    case .expectationFailed: "Expectation Failed"
    case .headerFieldsTooLarge: "Request Header Fields Too Large"
    case .notImplemented: "Not Implemented"
    case .versionNotSupported: "HTTP Version Not Supported"
    }
  }
}
