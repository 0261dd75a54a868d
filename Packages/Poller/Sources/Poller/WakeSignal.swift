import Synchronization

/// The thread-safe half of waking a poller; owns the descriptor that wakes it.
///
/// With epoll the descriptor is an eventfd, with kqueue the kqueue itself, which triggers an `EVFILT_USER` of its own.
///
/// ## No wake-up is lost
///
/// `pending` is true from the first ``signal()`` until the poller is about to deliver the wake-up. The thread that sets
/// the flag makes the one system call. All other threads are done after one atomic exchange.
///
/// The order on the poller's side is: the kernel reports, ``consume()`` clears the flag, the caller looks for work. The
/// delivery covers every signal before the clearing. A signal after the clearing finds the flag off and makes a system
/// call, which the next wait reports.
///
/// Both sides *exchange*, acquiring and releasing. Two read-modify-writes of one variable are always ordered, so the
/// clearing exchange sees everything that was published before the signals it covers. A plain load ahead of the exchange
/// ("already on, nothing to do") would be wrong: a store that publishes work may become visible after a later load. The
/// poller could clear the flag, look for work and find none in between, and no thread would make the system call.
///
/// If the kernel refuses the system call, no event follows that could clear the flag. The signalling thread clears it,
/// and the next signal makes a system call again. The delivery of the next signal covers the refused one too.
///
/// ## The descriptor is closed once, by its last user
///
/// Wakers outlive the poller, and the number of a closed descriptor is soon in use again. `users` holds a closed bit, a
/// released bit and the number of threads inside the system call. A signalling thread adds one on entry, and leaves
/// without touching the descriptor if the sum has the closed bit. The poller sets the closed bit when it goes away.
/// A thread that sees "closed, no users" tries to swap that for "released". The swap succeeds exactly once, and the
/// thread it succeeds for closes the descriptor: the poller's, or a signalling thread one `write(2)` later. Neither
/// side waits for the other.
final class WakeSignal: Sendable {
  private let descriptor: Int32
  private let syscalls: Syscalls
  private let pending = Atomic<Bool>(false)
  private let users = Atomic<UInt32>(0)

  private static let closed: UInt32 = 1 << 31
  private static let released: UInt32 = 1 << 30

  /// Takes over a descriptor that is set up to wake a poller.
  init(_ descriptor: consuming OwnedDescriptor, _ syscalls: Syscalls) {
    self.descriptor = descriptor.release()
    self.syscalls = syscalls
  }

  /// Makes the poller report a wake-up, one for all signals since the last one reported.
  func signal() {
    if pending.exchange(true, ordering: .acquiringAndReleasing) { return }
    let state = users.add(1, ordering: .acquiring).newValue
    if state & Self.closed == 0 {
      do {
        try syscalls.signal(descriptor)
      } catch {
        pending.store(false, ordering: .releasing)
      }
    }
    endUse()
  }

  /// Lets the next signal through; to be called before the wake-up is delivered.
  ///
  /// - Returns: Whether there was a signal that no delivery has covered yet.
  func consume() -> Bool {
    pending.exchange(false, ordering: .acquiringAndReleasing)
  }

  /// Ends the use of the descriptor for good; to be called once.
  func close() {
    let (old, state) = users.bitwiseOr(Self.closed, ordering: .acquiringAndReleasing)
    assert(old & Self.closed == 0, "closed twice")
    if state == Self.closed { release() }
  }

  private func endUse() {
    let (old, state) = users.subtract(1, ordering: .acquiringAndReleasing)
    assert(old & ~(Self.closed | Self.released) > 0, "more ends of use than uses")
    if state == Self.closed { release() }
  }

  private func release() {
    let (isFirst, _) = users.compareExchange(
      expected: Self.closed, desired: Self.closed | Self.released, ordering: .acquiringAndReleasing)
    if isFirst { Syscalls.close(descriptor) }
  }
}
