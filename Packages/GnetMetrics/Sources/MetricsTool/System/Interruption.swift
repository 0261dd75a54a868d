internal import Synchronization
package import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// SIGINT and SIGTERM as something to wait for beside sockets. A second signal ends the process at once.
package struct Interruption: Sendable {
  /// The writing end of the pipe: all that the signal handler needs.
  private static let notice = Atomic<Int32>(-1)

  /// Readable when a signal has arrived.
  package let fd: Int32

  /// Catches the signals from now on; there can be one such value in a process.
  package init() throws(Errno) {
    var ends: (Int32, Int32) = (-1, -1)
    let result = unsafe withUnsafeMutableBytes(of: &ends) {
      unsafe pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    if result != 0 { throw Errno(rawValue: errno) }
    fd = ends.0
    for end in [ends.0, ends.1] { _ = (fcntl(end, F_SETFD, FD_CLOEXEC), fcntl(end, F_SETFL, O_NONBLOCK)) }
    Self.notice.store(ends.1, ordering: .releasing)
    for number in [SIGINT, SIGTERM] {
      _ = signal(number) { number in
        let before = errno
        _ = signal(number, SIG_DFL)
        Interruption.ring()
        errno = before
      }
    }
    // Whoever started this program may have had them blocked.
    var numbers = sigset_t()
    unsafe sigemptyset(&numbers)
    for number in [SIGINT, SIGTERM] { unsafe sigaddset(&numbers, number) }
    unsafe pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
  }

  /// Has the same effect as a signal.
  package static func ring() {
    var byte: UInt8 = 0
    unsafe _ = write(notice.load(ordering: .acquiring), &byte, 1)
  }

  /// Waits for a signal, for as long as `limit` says.
  ///
  /// - Returns: whether one has arrived.
  package func wait(upTo limit: Duration? = nil) -> Bool {
    let deadline = limit.map { ContinuousClock.now + $0 }
    while true {
      var entry = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
      let count = unsafe poll(&entry, 1, deadline.map { ContinuousClock.now.duration(to: $0).pollTimeout } ?? -1)
      if count > 0 { return true }
      if let deadline, ContinuousClock.now >= deadline { return false }
    }
  }
}

extension Duration {
  /// Milliseconds as `poll(2)` takes them: rounded up, at least zero.
  var pollTimeout: Int32 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    guard seconds < Int64(Int32.max) / 1000 - 1 else { return .max }
    return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
