package import SystemPackage

/// The terminal that standard output is: a screen of its own while the live table is shown.
package struct Terminal: ~Copyable {
  /// Switches to the other screen, hides the cursor, and has the terminal cut off what is too long for a line, such as
  /// characters that are two columns wide; the deinitialiser switches back.
  private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
  private static let leave = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

  private static let output = FileDescriptor.standardOutput.rawValue

  /// Whether lines may be coloured: not if the environment has a `NO_COLOR`, see https://no-color.org.
  package let isColoured: Bool

  /// Takes over standard output; `nil` if it is no terminal, or one that cannot move its cursor.
  package init?() throws(Errno) {
    guard Platform.isTerminal(Self.output), let name = Platform.environmentVariable("TERM"), name != "dumb" else {
      return nil
    }
    isColoured = Platform.environmentVariable("NO_COLOR") == nil
    try Output.write(Self.enter)
  }

  deinit { try? Output.write(Self.leave) }

  /// The columns and lines to be used; those of a small terminal where the system does not know.
  package var size: (width: Int, height: Int) {
    let (columns, rows) = Platform.terminalSize(Self.output) ?? (80, 24)
    // The last column stays free: clearing behind a character there would clear that character on some terminals.
    return (columns - 1, rows)
  }

  /// Shows the lines instead of those before. In one write, and nothing is cleared that is shown again: no flicker.
  package func show(_ lines: [String]) throws(Errno) {
    // From the corner, each line to its end, then what is below.
    let text = lines.map { "\($0)\u{1B}[K" }.joined(separator: "\n")
    try Output.write("\u{1B}[H\(text)\u{1B}[J")
  }
}
