public import HTTPTypes

extension RequestHead {
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
  /// The values of fields of one name are joined by commas, those of `Cookie` by semicolons.
  ///
  /// - Complexity: O(*n*) in the bytes of the head.
  public subscript(name: HTTPField.Name) -> String? { fieldLines[name] }

  /// All fields as values of `HTTPTypes`.
  ///
  /// - Complexity: O(*n*) in the bytes of the head, with allocations for each field.
  public var fields: HTTPFields { fieldLines.values }

  /// The head as a value of `HTTPTypes`, for code that is shared with other servers and clients.
  ///
  /// The `Host` is the authority, as in HTTP/2, and there is no field of that name. The scheme is that of a URL in the
  /// target; otherwise `http`, since the parser does not see whether a connection is encrypted.
  public var httpRequest: HTTPRequest {
    var fields = fields
    let host = fields[.init("host")!]
    fields[.init("host")!] = nil
    let target = target
    let isURL = index.method != .connect && !target.hasPrefix("/") && target != "*"
    let scheme = isURL ? target.prefix { $0 != ":" }.lowercased() : "http"
    let path = index.query.map { HTTPLine(bytes).text(in: index.path) + "?" + HTTPLine(bytes).text(in: $0) } ?? path
    return HTTPRequest(
      method: method, scheme: index.method == .connect ? nil : scheme,
      authority: index.method == .connect ? target : host,
      path: index.method == .connect ? nil : path, headerFields: fields)
  }
}
