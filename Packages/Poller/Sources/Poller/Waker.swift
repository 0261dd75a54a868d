extension Poller {
  /// A handle that ends a poller's wait from any thread.
  ///
  /// Publish work first, then call ``wake()``. The poller reports an event with ``Event/isWake`` set, and its handler
  /// sees the published work. Copies share one wake-up. A waker may outlive its poller, and does nothing then.
  public struct Waker: Sendable {
    private let wakeSignal: WakeSignal

    init(_ wakeSignal: WakeSignal) {
      self.wakeSignal = wakeSignal
    }

    /// Makes the current wait, or else the next one, report a wake-up.
    ///
    /// Calls before the poller has reported the wake-up are coalesced: only the first makes a system call. The method
    /// does not block, and may be called from the body of a wait. Interruptions and a full eventfd are overcome. After
    /// any other failure of the system call, which a working kernel does not produce, the next ``wake()`` makes it again.
    ///
    /// Corresponds to `write(2)` to an `eventfd(2)`, or to `kevent(2)` with `NOTE_TRIGGER`.
    public func wake() {
      wakeSignal.signal()
    }
  }
}
