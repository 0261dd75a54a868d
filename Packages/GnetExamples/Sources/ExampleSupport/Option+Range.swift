public import ArgumentParser

extension Option where Value: Comparable & LosslessStringConvertible & Sendable {
  /// Creates an option with a default whose values are the numbers in a range.
  ///
  /// - Parameter help: a description, behind which the help tells the range and the default.
  public init(wrappedValue: Value, in range: ClosedRange<Value>, help: String, valueName: String) {
    let limits = "\(text(range.lowerBound)) to \(text(range.upperBound))"
    let abstract = "\(help), \(limits). (default: \(text(wrappedValue)))"
    self.init(wrappedValue: wrappedValue, help: ArgumentHelp(abstract, valueName: valueName)) { text in
      guard let value = Value(text), range ~= value else { throw ValidationError("It must be from \(limits).") }
      return value
    }
  }
}

/// A number, without a fraction of zero.
private func text(_ number: some LosslessStringConvertible) -> String {
  "\(number)".replacing(/\.0$/, with: "")
}
