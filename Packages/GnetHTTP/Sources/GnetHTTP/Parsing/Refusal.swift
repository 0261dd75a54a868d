public import HTTPTypes

/// The reason why a request is refused, and the status of the answer. Or the reason why a response is refused, with the
/// status of a gateway's answer to its own client.
///
/// The parser throws refusals of requests that are malformed or too large: the bytes behind such a request cannot be
/// trusted, and the connection is closed after the answer. A handler throws a refusal to answer with its status; then
/// the connection stays open.
public struct Refusal: Error, Hashable {
  /// The status of the answer.
  public let status: HTTPResponse.Status

  /// The reason, in a sentence without its end: it becomes the body of the answer.
  public let reason: String

  /// Creates a refusal.
  public init(_ status: HTTPResponse.Status, _ reason: String) {
    self.status = status
    self.reason = reason
  }

  /// The refusal of bytes that are no HTTP.
  static func badRequest(_ reason: String) -> Refusal { Refusal(.badRequest, reason) }

  /// The refusal of a response for what would be the refusal of a request.
  var ofResponse: Refusal {
    Refusal(.badGateway, self == .lineTooLong ? "the status line is too long" : reason)
  }

  static let responseCutShort = Refusal(.badGateway, "the response ends too early")
  static let cutShort = Refusal(.badRequest, "the request ends too early")
  static let timeout = Refusal(.requestTimeout, "the request did not arrive in time")
  static let lineTooLong = Refusal(.uriTooLong, "the request line is too long")
  static let fieldsTooLarge = Refusal(.requestHeaderFieldsTooLarge, "the header fields are too large")
  static let controlCharacter = Refusal.badRequest("a line contains a control character")
  static let bodyTooLarge = Refusal(.contentTooLarge, "the body is too large")
}
