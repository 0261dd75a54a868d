internal import HTTPTypes

/// The field lines of a head, each with its end, looked at where they lie.
struct FieldLines: ~Escapable {
  private let bytes: Span<UInt8>

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  /// Calls `body` with each field, in their order: with the bytes of its name, and with those of its value without the
  /// blanks around it.
  func forEach<Failure: Error>(
    _ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    let lines = HTTPLine(bytes)
    var start = 0
    while start < bytes.count {
      let end = lines.offset(of: .carriageReturn, in: start..<bytes.count)
      let colon = lines.offset(of: UInt8(ascii: ":"), in: start..<end)
      try body(bytes.extracting(start..<colon), bytes.extracting(lines.trimmingBlanks(colon + 1..<end)))
      start = end + 2
    }
  }

  /// The values of the fields of a name, joined; `nil` if there is none.
  subscript(name: HTTPField.Name) -> String? {
    var result: String?
    forEach { field, value in
      guard field.isName(name) else { return }
      let text = value.repairedText
      result = result.map { $0 + (name == .cookie ? "; " : ", ") + text } ?? text
    }
    return result
  }

  /// All fields as values of `HTTPTypes`.
  var values: HTTPFields {
    var fields = HTTPFields()
    forEach { name, value in
      guard let name = HTTPField.Name(name.repairedText) else { return }
      unsafe value.withUnsafeBufferPointer { unsafe fields.append(HTTPField(name: name, value: $0)) }
    }
    return fields
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
