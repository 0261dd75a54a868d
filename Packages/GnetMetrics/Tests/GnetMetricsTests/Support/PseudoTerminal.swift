import CTestSupport
import SystemPackage

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A terminal that a test looks at and types on.
final class PseudoTerminal: Sendable {
  /// The name of the side that a program opens.
  let name: String
  private let fd: Int32

  init(columns: Int, rows: Int) throws {
    var room = [CChar](repeating: 0, count: 256)
    fd = unsafe ctest_open_terminal(&room, room.count)
    if fd < 0 { throw Errno(rawValue: errno) }
    name = String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    resize(columns: columns, rows: rows)
  }

  deinit { close(fd) }

  /// Gives it another size, of which the program in its foreground is told.
  func resize(columns: Int, rows: Int) {
    var size = winsize()
    (size.ws_col, size.ws_row) = (UInt16(columns), UInt16(rows))
    unsafe _ = ioctl(fd, UInt(TIOCSWINSZ), &size)
  }

  /// Types Ctrl-C.
  func interrupt() {
    var byte: UInt8 = 3
    unsafe _ = write(fd, &byte, 1)
  }

  /// A descriptor of its own for a reader.
  func duplicate() -> Int32 { fcntl(fd, F_DUPFD_CLOEXEC, 0) }
}
