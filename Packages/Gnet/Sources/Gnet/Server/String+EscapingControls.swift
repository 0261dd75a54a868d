extension String {
  /// The same text with escapes for line ends and other control characters.
  ///
  /// Text of strangers, such as a name that a client has sent, then neither adds lines to a log nor moves a terminal's cursor.
  /// Descriptions of ``ServeError`` and ``ConnectError`` are escaped in this way.
  public var escapingControls: String {
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
