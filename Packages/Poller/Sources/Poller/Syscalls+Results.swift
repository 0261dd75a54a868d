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

  /// Makes a system call until no signal interrupts it.
  static func untilDone(_ call: () -> Int32) throws(Errno) {
    var result: Int32
    repeat { result = call() } while result == -Errno.interrupted.rawValue
    _ = try check(result)
  }

  /// The number of events that a wait has returned, 0 if its time is up; `nil` if the wait goes on.
  static func count(of result: Int32, _ countdown: inout Countdown) throws(Errno) -> Int? {
    if result > 0 { return Int(result) }
    if result < 0 && result != -Errno.interrupted.rawValue { throw Errno(rawValue: -result) }
    countdown.refresh()
    return result == 0 && countdown.remaining == 0 ? 0 : nil
  }
}
