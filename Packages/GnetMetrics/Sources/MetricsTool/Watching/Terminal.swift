package import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// The terminal that standard output is: a screen of its own while the live table is shown.
package struct Terminal: ~Copyable {
  /// Switches to the other screen, hides the cursor, and has the terminal cut off what is too long for a line, such as
  /// characters that are two columns wide; the deinitialiser switches back.
  private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
  private static let leave = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

  /// Whether lines may be coloured: not if the environment has a `NO_COLOR`, see https://no-color.org.
  package let isColoured: Bool

  /// Takes over standard output; `nil` if it is no terminal, or one that cannot move its cursor.
  package init?() throws(Errno) {
    guard isatty(STDOUT_FILENO) == 1, let name = Self.environment("TERM"), name != "dumb" else { return nil }
    isColoured = Self.environment("NO_COLOR") == nil
    try Output.write(Self.enter)
  }

  deinit { try? Output.write(Self.leave) }

  /// Columns and lines to be used; those of a small terminal where the system does not know. Corresponds to `ioctl(2)`, TIOCGWINSZ.
  package var size: (width: Int, height: Int) {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return (79, 24)
    }
    // The last column stays free: clearing behind a character there would clear that character on some terminals.
    return (Int(size.ws_col) - 1, Int(size.ws_row))
  }

  /// Shows the lines instead of those before. In one write, and nothing is cleared that is shown again: no flicker.
  package func show(_ lines: [String]) throws(Errno) {
    // From the corner, each line to its end, then what is below.
    let text = lines.map { "\($0)\u{1B}[K" }.joined(separator: "\n")
    try Output.write("\u{1B}[H\(text)\u{1B}[J")
  }

  private static func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
    return unsafe String(cString: value)
  }
}
