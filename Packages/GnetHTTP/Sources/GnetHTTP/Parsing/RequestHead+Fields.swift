public import HTTPTypes

extension RequestHead {
  /// Calls `body` with each field, in the order of the head: with the bytes of its name, and with those of its value
  /// without the blanks around it.
  ///
  /// - Complexity: O(*n*) in the bytes of the head.
  public func forEachField<Failure: Error>(
    _ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    let lines = fieldLines
    var start = 0
    while start < lines.count {
      let end = lines.offset(of: .carriageReturn, in: start..<lines.count)
      let colon = lines.offset(of: UInt8(ascii: ":"), in: start..<end)
      try body(lines.extracting(start..<colon), lines.extracting(lines.trimmingBlanks(colon + 1..<end)))
      start = end + 2
    }
  }

  /// The value of a field; `nil` if the head has none of that name.
  ///
  /// The values of fields of one name are joined by commas, those of `Cookie` by semicolons.
  ///
  /// - Complexity: O(*n*) in the bytes of the head.
  public subscript(name: HTTPField.Name) -> String? {
    var result: String?
    forEachField { field, value in
      guard field.isName(name) else { return }
      let text = value.repairedText
      result = result.map { $0 + (name == .cookie ? "; " : ", ") + text } ?? text
    }
    return result
  }

  /// All fields as values of `HTTPTypes`.
  ///
  /// - Complexity: O(*n*) in the bytes of the head, with allocations for each field.
  public var fields: HTTPFields {
    var fields = HTTPFields()
    forEachField { name, value in
      guard let name = HTTPField.Name(name.repairedText) else { return }
      unsafe value.withUnsafeBufferPointer { unsafe fields.append(HTTPField(name: name, value: $0)) }
    }
    return fields
  }

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
    let path = index.query.map { bytes.text(in: index.path) + "?" + bytes.text(in: $0) } ?? path
    return HTTPRequest(
      method: method, scheme: index.method == .connect ? nil : scheme,
      authority: index.method == .connect ? target : host,
      path: index.method == .connect ? nil : path, headerFields: fields)
  }
}

extension Span<UInt8> {
  /// Whether the bytes are a field's name, in any case.
  fileprivate func isName(_ name: HTTPField.Name) -> Bool {
    let canonical = name.canonicalName.utf8
    guard canonical.count == count else { return false }
    var index = 0
    for byte in canonical {
      let own = self[index]
      guard own == byte || own | 0x20 == byte && byte >= UInt8(ascii: "a") else { return false }
      index += 1
    }
    return true
  }

  /// The bytes as UTF-8, where what is none is replaced.
  var repairedText: String { unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) } }
}
