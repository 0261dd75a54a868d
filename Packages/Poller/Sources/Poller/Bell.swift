import Synchronization

/// The thread-safe half of waking a poller: owns the descriptor that wakes it.
///
/// On epoll that is an eventfd, on kqueue the kqueue itself, which triggers an `EVFILT_USER` of its own.
///
/// ## No wake-up is lost
///
/// `pending` is true from the first ``ring()`` until the poller is about to deliver the wake-up. Whoever turns it on
/// makes the one system call; everyone else is done after one atomic exchange.
///
/// The order on the poller's side is: the kernel reports, ``acknowledge()`` clears the flag, the caller looks for work.
/// A ring that comes before the clearing is covered by the delivery that follows; one that comes after it finds the
/// flag off and makes a system call of its own, which the next wait reports.
///
/// Both sides *exchange*, acquiring and releasing. Being read-modify-writes of one variable, any two of them are
/// ordered, and the clearing one sees everything that was published before each ring it covers. A plain load ahead of the
/// exchange ("already on, nothing to do") would save nothing worth having and be wrong: a store that publishes work may
/// become visible after a later load, the poller could clear, look and find nothing in between, and no one would ring.
///
/// Where the kernel refuses the system call, no event will come that could turn the flag off. So the ringer turns it off
/// itself, and the next ring makes a system call again. The refused wake-up, and those that found the flag on meanwhile,
/// are reported together with that next one.
///
/// ## The descriptor is closed once, by the last to leave
///
/// Handles outlive the poller, and a descriptor's number is reused as soon as it is closed. `gate` holds a closed bit, a
/// released bit and the number of threads inside the system call. A ringer enters by adding one; finding the closed
/// bit in the sum, it leaves without having touched the descriptor. The poller sets the closed bit when it goes away.
/// Whoever sees "closed, no one inside" tries to swap that for "released", which succeeds exactly once, and the one
/// it succeeds for closes the descriptor. So the descriptor is gone when the poller is, or one `write(2)` later if a
/// ringer was inside. No step waits for another thread or repeats: both sides are wait-free.
final class Bell: Sendable {
  private let descriptor: Int32
  private let pending = Atomic<Bool>(false)
  private let gate = Atomic<UInt32>(0)

  private static let closed: UInt32 = 1 << 31
  private static let released: UInt32 = 1 << 30

  /// Takes over a descriptor that is set up to wake a poller.
  init(_ descriptor: consuming OwnedDescriptor) {
    self.descriptor = descriptor.release()
  }

  /// Makes the poller report a wake-up, once for all rings since the last one.
  func ring() {
    if pending.exchange(true, ordering: .acquiringAndReleasing) { return }
    let inside = gate.add(1, ordering: .acquiring).newValue
    if inside & Self.closed == 0 {
      do {
        try Syscalls.signal(descriptor)
      } catch {
        pending.store(false, ordering: .releasing)
      }
    }
    leave()
  }

  /// Lets the next ring through; to be called before the wake-up is delivered.
  ///
  /// - Returns: whether there was a ring that no delivery has covered yet.
  func acknowledge() -> Bool {
    pending.exchange(false, ordering: .acquiringAndReleasing)
  }

  /// Ends the use of the descriptor; to be called once.
  func close() {
    let state = gate.bitwiseOr(Self.closed, ordering: .acquiringAndReleasing).newValue
    if state == Self.closed { release() }
  }

  private func leave() {
    let state = gate.subtract(1, ordering: .acquiringAndReleasing).newValue
    if state == Self.closed { release() }
  }

  private func release() {
    let (won, _) = gate.compareExchange(
      expected: Self.closed, desired: Self.closed | Self.released, ordering: .acquiringAndReleasing)
    if won { Syscalls.close(descriptor) }
  }
}
