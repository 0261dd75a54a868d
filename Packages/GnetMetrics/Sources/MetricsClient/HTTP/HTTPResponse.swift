/// The statuses of responses. Source: RFC 9110, section 15.
enum HTTPStatus: Int, Error {
  case ok = 200
  case badRequest = 400
  case notFound = 404
  case methodNotAllowed = 405
  case contentTooLarge = 413
  case headerTooLarge = 431
  case unavailable = 503
  case versionNotSupported = 505

  /// The reason phrase.
  var phrase: String {
    switch self {
    case .ok: "OK"
    case .badRequest: "Bad Request"
    case .notFound: "Not Found"
    case .methodNotAllowed: "Method Not Allowed"
    case .contentTooLarge: "Content Too Large"
    case .headerTooLarge: "Request Header Fields Too Large"
    case .unavailable: "Service Unavailable"
    case .versionNotSupported: "HTTP Version Not Supported"
    }
  }
}

/// A whole response.
struct HTTPResponse {
  var status: HTTPStatus
  var mediaType = "text/plain; charset=utf-8"
  var body: String
  /// Header fields in addition to the fields of all responses.
  var fields: [(String, String)] = []

  /// A response with a line of text, by default the phrase of its status.
  static func plain(_ status: HTTPStatus, _ text: String? = nil) -> HTTPResponse {
    HTTPResponse(status: status, body: "\(text ?? status.phrase)\n")
  }

  /// The bytes to send. The response to a HEAD tells the length of the body, but has none.
  func bytes(keepsAlive: Bool, isHead: Bool = false) -> [UInt8] {
    var text = "HTTP/1.1 \(status.rawValue) \(status.phrase)\r\n"
    text += "Content-Type: \(mediaType)\r\nContent-Length: \(body.utf8.count)\r\n"
    for (name, value) in fields { text += "\(name): \(value)\r\n" }
    text += "Connection: \(keepsAlive ? "keep-alive" : "close")\r\n\r\n"
    return Array((isHead ? text : text + body).utf8)
  }
}
