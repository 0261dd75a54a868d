/// An answer whose bytes are known beforehand, except for the date and the state of the connection.
package struct Response: Sendable {
  /// The two constant parts: the status line and fields, then the end of the head and the body. Fields that are known
  /// only when the answer is sent go between them.
  private let bytes: [UInt8]
  private let fieldsCount: Int

  /// Composes an answer.
  ///
  /// - Parameters:
  ///   - fields: more header fields, as names and values.
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

  /// The status line and the constant fields, without the empty line at the end of a head.
  package var head: Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(first: fieldsCount) }
  }

  /// The empty line at the end of a head, and the body.
  package var rest: Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(droppingFirst: fieldsCount) }
  }

  /// The bytes behind the head: none for a HEAD.
  package var body: Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(droppingFirst: fieldsCount + Persistence.open.endOfHead.utf8.count) }
  }

  /// A status line and fields, without the empty line behind them.
  package static func head(_ status: Status, fields: [(String, String)], bodyLength: Int?) -> [UInt8] {
    var text = "HTTP/1.1 \(status.rawValue) \(status.phrase)\r\nServer: gnet\r\n"
    for (name, value) in fields { text += "\(name): \(value)\r\n" }
    if let bodyLength { text += "Content-Length: \(bodyLength)\r\n" }
    return Array(text.utf8)
  }
}

extension Persistence {
  /// The end of the head, with a field Connection if one is needed.
  package var endOfHead: String {
    switch self {
    case .open: "\r\n"
    case .openAsAsked: "Connection: keep-alive\r\n\r\n"
    case .close: "Connection: close\r\n\r\n"
    }
  }
}
