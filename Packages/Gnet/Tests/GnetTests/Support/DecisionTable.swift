import Testing

/// A decision written down as rules: in every situation exactly one of them applies.
struct DecisionTable<Situation, Decision: Sendable>: Sendable {
  struct Rule: Sendable {
    /// The rule in words.
    let text: String
    let decision: Decision
    let applies: @Sendable (Situation) -> Bool
  }

  let name: String
  let rules: [Rule]

  /// The decision in a situation; `nil`, and a failure of the test, where the table leaves it open or contradicts itself.
  func callAsFunction(_ situation: Situation, sourceLocation: SourceLocation = #_sourceLocation) -> Decision? {
    let applicable = rules.filter { $0.applies(situation) }
    if applicable.count == 1 { return applicable[0].decision }
    Issue.record(
      "\(name): \(applicable.count) rules for \(situation): \(applicable.map(\.text))", sourceLocation: sourceLocation)
    return nil
  }
}
