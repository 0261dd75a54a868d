extension Files {
  /// The lines between a line with the end `first` and the next line with the end `last`, in a file of the calling
  /// test's package. For tests that compare documentation with code.
  ///
  /// Indentation and empty lines are left out, and words have one space between them.
  public static func lines(
    of path: String, from first: String, to last: String, _ file: String = #filePath
  ) -> [String] {
    let lines = (text("\(packageFolder(file))/\(path)") ?? "").split(separator: "\n")
    let between = lines.drop { !$0.hasSuffix(first) }.dropFirst().prefix { !$0.hasSuffix(last) }
    return between.map { $0.split(separator: " ").joined(separator: " ") }.filter { !$0.isEmpty }
  }
}
