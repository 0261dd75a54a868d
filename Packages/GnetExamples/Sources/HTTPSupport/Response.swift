/// An answer whose bytes are known beforehand, but for the date and what becomes of the connection.
package struct Response: Sendable {
  /// The status line and the fields that are always the same.
  package let head: [UInt8]

  /// What follows the head, unless the request was a HEAD.
  package let body: [UInt8]

  /// Composes an answer.
  ///
  /// - Parameters:
  ///   - fields: More header fields, as names and values.
  package init(
    _ status: Status, _ contentType: String = "text/plain; charset=utf-8", fields: [(String, String)] = [], body: String
  ) {
    self.body = Array(body.utf8)
    let type = status == .noContent ? [] : [("Content-Type", contentType)]
    head = Self.head(status, fields: type + fields, bodyLength: status == .noContent ? nil : self.body.count)
  }

  /// The answer to a request that was refused.
  package init(_ refusal: Refusal) {
    self.init(refusal.status, body: "\(refusal.status.rawValue) \(refusal.status.phrase): \(refusal.reason).\n")
  }

  /// A status line and fields, without the empty line that ends them.
  package static func head(_ status: Status, fields: [(String, String)], bodyLength: Int?) -> [UInt8] {
    var text = "HTTP/1.1 \(status.rawValue) \(status.phrase)\r\nServer: gnet\r\n"
    for (name, value) in fields { text += "\(name): \(value)\r\n" }
    if let bodyLength { text += "Content-Length: \(bodyLength)\r\n" }
    return Array(text.utf8)
  }
}

extension Persistence {
  /// The field that says it, if one is needed, and the end of the head.
  package var endOfHead: String {
    switch self {
    case .open: "\r\n"
    case .openAsAsked: "Connection: keep-alive\r\n\r\n"
    case .close: "Connection: close\r\n\r\n"
    }
  }
}
