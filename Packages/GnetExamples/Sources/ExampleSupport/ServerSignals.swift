internal import Synchronization

/// SIGINT, SIGTERM and SIGHUP, for which the main thread waits while a server runs on other threads.
///
/// Created before other threads, which inherit the blocked signals.
final class TerminationSignals: Sendable {
  /// Whether a signal has arrived or the wait was ended, whichever came first.
  private let isOver = Atomic(false)

  /// Blocks the signals on this thread, and on the threads that it creates from now on.
  init() { Platform.blockTerminationSignals() }

  /// Waits for the first signal or for `endWait()`, on the thread that created this value.
  ///
  /// The next signal ends the process at once.
  func wait() {
    Platform.waitForTerminationSignal()
    // After the other end of the wait its signal may still come.
    if !isOver.exchange(true, ordering: .acquiringAndReleasing) { Platform.unblockTerminationSignals() }
  }

  /// Ends the wait, on any thread.
  func endWait() {
    if !isOver.exchange(true, ordering: .acquiringAndReleasing) { Platform.sendTerminationSignal() }
  }
}
