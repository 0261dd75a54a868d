/// An answer whose bytes are known beforehand, but for the date and what becomes of the connection.
package struct Response: Sendable {
  /// The status line and the fields that are always the same, then the end of the head and the body. What is only known
  /// when the answer is sent goes between the two.
  private let bytes: [UInt8]
  private let fieldsCount: Int

  /// Composes an answer.
  ///
  /// - Parameters:
  ///   - fields: More header fields, as names and values.
  package init(
    _ status: Status, _ contentType: String = "text/plain; charset=utf-8", fields: [(String, String)] = [], body: String
  ) {
    let type = status == .noContent ? [] : [("Content-Type", contentType)]
    let head = Self.head(status, fields: type + fields, bodyLength: status == .noContent ? nil : body.utf8.count)
    bytes = head + Persistence.open.endOfHead.utf8 + body.utf8
    fieldsCount = head.count
  }

  /// The answer to a request that was refused.
  package init(_ refusal: Refusal) {
    self.init(refusal.status, body: "\(refusal.status.rawValue) \(refusal.status.phrase): \(refusal.reason).\n")
  }

  /// The status line and the fields that are always the same, without the empty line that ends a head.
  package var head: Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(first: fieldsCount) }
  }

  /// The empty line that ends a head, and the body.
  package var rest: Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(droppingFirst: fieldsCount) }
  }

  /// What follows the head, unless the request was a HEAD.
  package var body: Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(droppingFirst: fieldsCount + Persistence.open.endOfHead.utf8.count) }
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
