internal import CGnetTLS

/// Certificates or a key as text.
enum PEM: Sendable {
  case file(String)
  case text(String)

  /// Calls `read` with the source. Throws where it returns false.
  ///
  /// - Parameter noun: the contents of the source, for the error.
  func read(
    _ noun: String, _ code: TLSError.Code,
    _ read: (UnsafePointer<ctls_source>, UnsafeMutablePointer<ctls_failure>) -> Bool
  ) throws(TLSError) {
    var failure = unsafe ctls_failure()
    if unsafe withSource({ unsafe read($0, &failure) }) { return }
    switch self {
    case .file(let path): throw unsafe TLSError(code, "\(noun) in file \(String(reflecting: path))", unsafe failure)
    case .text: throw unsafe TLSError(code, noun, unsafe failure)
    }
  }

  private func withSource(_ body: (UnsafePointer<ctls_source>) -> Bool) -> Bool {
    switch self {
    case .file(let path):
      return unsafe path.withCString { path in
        var source = unsafe ctls_source(path: path, text: nil, count: 0)
        return unsafe body(&source)
      }
    case .text(var text):
      return text.withUTF8 { text in
        var source = unsafe ctls_source(path: nil, text: text.baseAddress, count: text.count)
        return unsafe body(&source)
      }
    }
  }
}
