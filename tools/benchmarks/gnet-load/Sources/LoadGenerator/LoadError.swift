internal import CLoad
internal import Glibc

/// The reason for a run without a result, described in one line.
public struct LoadError: Error, Equatable, CustomStringConvertible {
  /// The line.
  public let description: String

  init(_ description: String) {
    self.description = description
  }

  /// A call that failed with a negated errno value; `EPROTO` for a failure of TLS.
  init<Number: SignedInteger>(_ action: String, _ result: Number) {
    let reason = String(
      cString: result == -Number(EPROTO) ? cload_tls_reason() : UnsafePointer(strerror(Int32(-result))))
    self.init("\(action): \(reason)")
  }
}
