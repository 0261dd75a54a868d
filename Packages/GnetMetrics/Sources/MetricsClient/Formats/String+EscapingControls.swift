extension String {
  /// The same text with escapes for line ends and other control characters.
  ///
  /// Text of unknown origin cannot move a terminal's cursor then.
  package var escapingControls: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: result += scalar.escaped(asASCII: true)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
