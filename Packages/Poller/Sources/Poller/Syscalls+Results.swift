import CPoller
import SystemPackage

// The results of system calls, for all backends.
extension Syscalls {
  /// Corresponds to `close(2)`.
  static func close(_ fd: Int32) {
    _ = cpoller_close(fd)
  }

  /// The result of a system call, whose error is a negated errno.
  static func check(_ result: Int32) throws(Errno) -> Int32 {
    if result < 0 { throw Errno(rawValue: -result) }
    return result
  }
}
