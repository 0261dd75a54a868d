/// A condition on which a command replaces a value.
enum Condition {
  /// There is no value, or there is one.
  case absent, present
  /// The new value is greater than the old one, or less.
  case greater, less

  /// Parses `NX`, `XX`, `GT` or `LT`.
  init?(_ word: Bytes) {
    if word.isWord("nx") {
      self = .absent
    } else if word.isWord("xx") {
      self = .present
    } else if word.isWord("gt") {
      self = .greater
    } else if word.isWord("lt") {
      self = .less
    } else {
      return nil
    }
  }
}

extension Set<Condition> {
  /// Whether an old value may be replaced, as far as it is compared to the new one.
  func allow<Value: Comparable>(_ new: Value, insteadOf old: Value) -> Bool {
    !(contains(.greater) && new <= old || contains(.less) && new >= old)
  }
}
