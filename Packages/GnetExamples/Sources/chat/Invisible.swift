extension Unicode.Scalar {
  /// Whether the scalar controls a terminal or the direction of text, or separates lines, instead of being shown.
  var isInvisible: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}

extension String {
  /// The text with `\u{1b}` instead of an escape character, and likewise for all scalars that are not shown: nobody may
  /// clear the screens of others. Tabs stay, and joiners, of which letters and emoji are composed.
  var escapingInvisible: String {
    var text = ""
    for scalar in unicodeScalars {
      if scalar.isInvisible && !"\t\u{200c}\u{200d}".unicodeScalars.contains(scalar) {
        text += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
