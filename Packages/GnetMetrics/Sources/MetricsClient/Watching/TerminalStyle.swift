/// The colours of the live table.
package struct TerminalStyle: Sendable {
  private let isColoured: Bool

  /// Creates a style with or without colours.
  package init(isColoured: Bool) { self.isColoured = isColoured }

  /// A line in the style of its kind. Source: ECMA-48, SGR.
  func apply(_ kind: LiveTable.Row.Kind, _ text: String) -> String {
    guard isColoured, let code = Self.code(kind) else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }

  private static func code(_ kind: LiveTable.Row.Kind) -> String? {
    switch kind {
    case .heading: "2"
    case .total: "1"
    case .server: "36"
    case .loop: nil
    case .busyLoop: "33"
    case .failure: "31"
    }
  }
}
