internal import CLoad
internal import Glibc

/// The reason for a run without a result, described in one line.
public struct LoadError: Error, Equatable, CustomStringConvertible {
  /// The line.
  public let description: String

  init(_ description: String) {
    self.description = description
  }

  /// A system call that failed with a negated errno value.
  init<Number: SignedInteger>(_ action: String, _ result: Number) {
    self.init("\(action): \(String(cString: strerror(Int32(-result))))")
  }
}
