internal import Synchronization

/// The signals for which the main thread waits while a server runs on other threads: SIGINT, SIGTERM and SIGHUP to end
/// it, SIGUSR2 for a successor to take over.
///
/// Created before other threads, which inherit the blocked signals.
final class ServerSignals: Sendable {
  /// The effect of a signal.
  enum Request {
    case end, handOver
  }

  /// Whether a signal that ends the server has arrived or the wait was ended, whichever came first.
  private let isOver = Atomic(false)

  /// Blocks the signals on this thread, and on the threads that it creates from now on.
  init() { Platform.blockSignals() }

  /// Waits for the next signal or for `endWait()`, on the thread that created this value.
  ///
  /// The next signal that asks for the end ends the process at once. SIGUSR2 has no effect any more then.
  func next() -> Request {
    if Platform.waitForSignal() == Platform.handOverSignal { return .handOver }
    // After the other end of the wait its signal may still come.
    if !isOver.exchange(true, ordering: .acquiringAndReleasing) { Platform.unblockTerminationSignals() }
    return .end
  }

  /// Ends the wait, on any thread.
  func endWait() {
    if !isOver.exchange(true, ordering: .acquiringAndReleasing) { Platform.sendTerminationSignal() }
  }
}
