extension Poller {
  /// Ends a poller's wait from any thread.
  ///
  /// Publish work first, then call ``wake()``: the poller reports an event with ``Event/isWake`` set, and whoever handles it
  /// sees what was published. Copies share one wake-up. A waker may outlive its poller; it then does nothing.
  public struct Waker: Sendable {
    private let wakeSignal: WakeSignal

    init(_ wakeSignal: WakeSignal) {
      self.wakeSignal = wakeSignal
    }

    /// Makes the current wait, or else the next one, report a wake-up.
    ///
    /// Calls made before the poller has reported the wake-up are one: only the first makes a system call. It neither
    /// blocks nor fails, and it may be called from a callback of ``Poller/wait(timeout:_:)``.
    ///
    /// Corresponds to `write(2)` to an `eventfd(2)`, or to `kevent(2)` with `NOTE_TRIGGER`.
    public func wake() {
      wakeSignal.signal()
    }
  }
}
