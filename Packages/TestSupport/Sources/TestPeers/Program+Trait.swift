public import Testing

extension Trait where Self == ConditionTrait {
  /// Skips a test where one of the programs that it runs is not installed.
  public static func needs(_ programs: String...) -> Self {
    let missing = programs.filter { !Program.has($0) }
    return .enabled(if: missing.isEmpty, "not installed: \(missing.joined(separator: ", "))")
  }
}
