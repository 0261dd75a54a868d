internal import CLoad

/// The reason for a run without a result, described in one line.
public struct LoadError: Error, Equatable, CustomStringConvertible {
  /// The line.
  public let description: String

  init(_ description: String) {
    self.description = description
  }

  /// A call that failed with a negated errno value; `EPROTO` for a failure of TLS.
  init<Number: SignedInteger>(_ action: String, _ result: Number) {
    let isOfTLS = Int(result) == Platform.isTLSFailure
    let reason = isOfTLS ? String(cString: cload_tls_reason()) : Platform.text(ofError: Int(result))
    self.init("\(action): \(reason)")
  }
}
