internal import Foundation

/// SIGINT and SIGTERM, received in order on a thread instead of interrupting other threads.
///
/// Created before other threads, which inherit the blocked signals. The second signal ends the process at once.
struct TerminationSignals: Sendable {
  private static let numbers = [SIGINT, SIGTERM]

  init() throws {
    var set = Self.set
    let result = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    if result != 0 { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .EINVAL) }
  }

  /// Calls `body` on a thread of its own when the first of the signals arrives.
  func onArrival(_ body: @escaping @Sendable () -> Void) {
    Thread.detachNewThread {
      var set = Self.set
      var number: Int32 = 0
      unsafe sigwait(&set, &number)
      body()
      unsafe sigwait(&set, &number)
      exit(128 + number)
    }
  }

  private static var set: sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in numbers { unsafe sigaddset(&set, number) }
    return set
  }
}
