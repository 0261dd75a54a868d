internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// The calls of the C library that this target makes, in types of Swift. No other file imports it.
enum Platform {
  #if canImport(Darwin) || canImport(Musl)
    private static let streamType = SOCK_STREAM
  #else
    private static let streamType = Int32(SOCK_STREAM.rawValue)
  #endif

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

  /// Waits until a descriptor is readable or has failed, for a number of milliseconds at most.
  ///
  /// Corresponds to `poll(2)`. A negative descriptor is never readable. A signal ends the wait early.
  ///
  /// - Returns: for each descriptor whether it is readable or has failed.
  static func readable(_ fds: [Int32], milliseconds: Int32) -> [Bool] {
    var entries = fds.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let count = unsafe poll(&entries, nfds_t(entries.count), milliseconds)
    return entries.map { count > 0 && $0.revents != 0 }
  }
}

// MARK: - Unix sockets

extension Platform {
  /// A stream socket for unix paths that does not block. Corresponds to `socket(2)`.
  static func makeUnixSocket() throws(Errno) -> Int32 {
    let fd = socket(AF_UNIX, streamType, 0)
    if fd < 0 { throw Errno(rawValue: errno) }
    _ = (fcntl(fd, F_SETFD, FD_CLOEXEC), fcntl(fd, F_SETFL, O_NONBLOCK))
    return fd
  }

  /// Connects a socket to the one at `path`. Corresponds to `connect(2)`.
  static func connectUnixSocket(_ fd: Int32, to path: String) throws(Errno) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    // A zero in the path, or none after it, would name another file.
    guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
      throw .fileNameTooLong
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if result != 0 { throw Errno(rawValue: errno) }
  }

  /// Receives bytes; 0 at the end of the stream. Corresponds to `recv(2)`.
  static func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
    let count = unsafe recv(fd, buffer.baseAddress, buffer.count, 0)
    if count < 0 { throw Errno(rawValue: errno) }
    return count
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

  /// A pipe of which neither end blocks or is passed on to other programs.
  ///
  /// The ends are none of the descriptors 0 to 2, which stay the standard streams' even where those are closed.
  /// Corresponds to `pipe(2)`, and to `fcntl(2)` with F_DUPFD_CLOEXEC.
  static func makePipe() throws(Errno) -> (reading: Int32, writing: Int32) {
    var ends: (Int32, Int32) = (-1, -1)
    let result = unsafe withUnsafeMutableBytes(of: &ends) {
      unsafe pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    if result != 0 { throw Errno(rawValue: errno) }
    defer { _ = (close(ends.0), close(ends.1)) }
    let reading = try duplicateBehindStandardStreams(ends.0)
    do throws(Errno) {
      return (reading, try duplicateBehindStandardStreams(ends.1))
    } catch {
      close(reading)
      throw error
    }
  }

  private static func duplicateBehindStandardStreams(_ fd: Int32) throws(Errno) -> Int32 {
    let copy = fcntl(fd, F_DUPFD_CLOEXEC, 3)
    if copy < 0 { throw Errno(rawValue: errno) }
    _ = fcntl(copy, F_SETFL, O_NONBLOCK)
    return copy
  }

  /// Writes a byte, and leaves `errno` as it was, as the handler of a signal must. Corresponds to `write(2)`.
  static func writeByte(to fd: Int32) {
    let before = errno
    var byte: UInt8 = 0
    unsafe _ = write(fd, &byte, 1)
    errno = before
  }

  /// Reads and discards all that a descriptor has, which must not block. Corresponds to `read(2)`.
  static func drain(_ fd: Int32) {
    var bytes: UInt64 = 0
    while unsafe read(fd, &bytes, MemoryLayout.size(ofValue: bytes)) > 0 {}
  }
}
