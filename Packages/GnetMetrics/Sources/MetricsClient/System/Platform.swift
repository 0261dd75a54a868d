internal import CMetricsClient
internal import SystemPackage

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The calls of the C library that this target makes, in types of Swift. No other file imports it.
enum Platform {
  /// Whether a descriptor is a terminal. Corresponds to `isatty(3)`.
  static func isTerminal(_ fd: Int32) -> Bool { isatty(fd) == 1 }

  /// The size of a terminal in characters; `nil` if the system does not know. Corresponds to `ioctl(2)`, TIOCGWINSZ.
  static func terminalSize(_ fd: Int32) -> (columns: Int, rows: Int)? {
    var size = winsize()
    guard unsafe ioctl(fd, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// The value of an environment variable; `nil` if it is absent or empty. Corresponds to `getenv(3)`.
  static func environmentVariable(_ name: String) -> String? {
    guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
    return unsafe String(cString: value)
  }

  /// Whether there is a file at `path` that is no socket. Corresponds to `stat(2)`.
  static func isOtherThanSocket(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFSOCK
  }
}

// MARK: - Signals

extension Platform {
  /// The signals that ask a program to end.
  static let endingSignals = [SIGINT, SIGTERM]
  /// The signal that tells of another size of the terminal.
  static let resizingSignal = SIGWINCH

  /// Has `handler` called for signals, also for those that were blocked when the program started.
  ///
  /// Corresponds to `signal(2)` and `pthread_sigmask(3)`.
  static func handle(_ signals: [Int32], by handler: @convention(c) (Int32) -> Void) {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in signals {
      _ = signal(number, handler)
      unsafe sigaddset(&set, number)
    }
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// Gives a signal its default effect again. Corresponds to `signal(2)`.
  static func restoreDefault(_ number: Int32) { _ = signal(number, SIG_DFL) }

  /// A pipe whose ends are passed on to no other program, and whose writing end does not block.
  ///
  /// The ends are none of the descriptors 0 to 2, which stay the standard streams' even where those are closed.
  /// Corresponds to `pipe(2)`, and to `fcntl(2)` with F_DUPFD_CLOEXEC.
  static func makePipe() throws(Errno) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    let result = unsafe cmetrics_pipe(&ends)
    if result < 0 { throw Errno(rawValue: -result) }
    return (ends[0], ends[1])
  }

  /// Writes a byte, and leaves `errno` as it was, as the handler of a signal must. Corresponds to `write(2)`.
  static func writeByte(_ byte: UInt8, to fd: Int32) { cmetrics_write_byte(byte, fd) }

  /// Waits for a byte and reads it; `nil` if a signal has interrupted the wait. Corresponds to `read(2)`.
  static func readByte(from fd: Int32) -> UInt8? {
    var byte: UInt8 = 0
    return unsafe read(fd, &byte, 1) == 1 ? byte : nil
  }
}
