internal import Foundation

/// SIGINT and SIGTERM, received in order on a thread instead of interrupting whatever runs.
///
/// To be created before other threads are, so that they inherit that the signals are blocked. The second of
/// them ends the process at once, for someone who does not want to wait.
struct TerminationSignals: Sendable {
  private static let numbers = [SIGINT, SIGTERM]

  init() throws {
    var set = Self.set
    let result = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    if result != 0 { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .EINVAL) }
  }

  /// Calls `body` when the first of the signals arrives, on a thread of its own.
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
