internal import Gnet
internal import Synchronization

/// SIGINT and SIGTERM, for which the main thread waits while a server runs on other threads.
///
/// Created before other threads, which inherit the blocked signals. As a plugin of the server it ends the wait also when
/// the server ends by itself.
final class TerminationSignals: Plugin {
  /// Whether a signal has arrived or the server has ended, whichever came first.
  private let isOver = Atomic(false)

  /// Blocks the signals on this thread, and on the threads that it creates from now on.
  init() { Platform.blockTerminationSignals() }

  /// Waits for the first signal or for the server's end, on the thread that created this value.
  ///
  /// The next signal ends the process at once.
  func wait() {
    Platform.waitForTerminationSignal()
    // After the server's own end the signal of `stopped` may still come.
    if !isOver.exchange(true, ordering: .acquiringAndReleasing) { Platform.unblockTerminationSignals() }
  }

  /// Ends the wait.
  func stopped(_ server: Server) {
    if !isOver.exchange(true, ordering: .acquiringAndReleasing) { Platform.sendTerminationSignal() }
  }
}
