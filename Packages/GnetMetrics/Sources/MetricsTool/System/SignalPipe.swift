internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// A pipe that a signal's handler writes to, so that a signal is something to wait for beside sockets. Neither end
/// blocks; it stays to the end of the process, as the handler does.
struct SignalPipe: Sendable {
  /// Readable when a signal has arrived.
  let reading: Int32
  /// All that a handler needs.
  let writing: Int32

  init() throws(Errno) {
    var ends: (Int32, Int32) = (-1, -1)
    let result = unsafe withUnsafeMutableBytes(of: &ends) {
      unsafe pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    if result != 0 { throw Errno(rawValue: errno) }
    (reading, writing) = ends
    for end in [reading, writing] { _ = (fcntl(end, F_SETFD, FD_CLOEXEC), fcntl(end, F_SETFL, O_NONBLOCK)) }
  }

  /// Makes the other end of `writing` readable; to be called by a handler too.
  static func ring(_ writing: Int32) {
    let before = errno
    var byte: UInt8 = 0
    unsafe _ = write(writing, &byte, 1)
    errno = before
  }

  /// Takes what has arrived.
  func clear() {
    var room: UInt64 = 0
    while unsafe read(reading, &room, MemoryLayout.size(ofValue: room)) > 0 {}
  }

  /// Has signals delivered that whoever started this program may have blocked.
  static func unblock(_ numbers: [Int32]) {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in numbers { unsafe sigaddset(&set, number) }
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }
}
