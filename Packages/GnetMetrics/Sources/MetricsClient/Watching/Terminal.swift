package import SystemPackage

/// The terminal of standard output: shows the live table on a screen of its own.
package struct Terminal: ~Copyable {
  /// Switches to the other screen, hides the cursor, and turns line wrapping off: a wide character may make a line too
  /// long. The deinitialiser switches back.
  private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
  private static let leave = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

  private static let output = FileDescriptor.standardOutput.rawValue

  /// Whether lines may be coloured: not if the environment has a `NO_COLOR` (https://no-color.org).
  package let isColoured: Bool

  /// Takes over standard output; `nil` if that is no terminal or cannot move its cursor.
  package init?() throws(Errno) {
    guard Platform.isTerminal(Self.output), let name = Platform.environmentVariable("TERM"), name != "dumb" else {
      return nil
    }
    isColoured = Platform.environmentVariable("NO_COLOR") == nil
    try Output.write(Self.enter)
  }

  deinit { try? Output.write(Self.leave) }

  /// The usable columns and lines; those of a small terminal if the system does not tell.
  package var size: (width: Int, height: Int) {
    let (columns, rows) = Platform.terminalSize(Self.output) ?? (80, 24)
    // The last column stays free: on some terminals, clearing behind a character there clears the character.
    return (columns - 1, rows)
  }

  /// Replaces the lines on the screen, in one write and without clearing the screen first: no flicker.
  package func show(_ lines: [String]) throws(Errno) {
    // From the corner: each line is cleared behind its end, then the rest of the screen.
    let text = lines.map { "\($0)\u{1B}[K" }.joined(separator: "\n")
    try Output.write("\u{1B}[H\(text)\u{1B}[J")
  }
}
