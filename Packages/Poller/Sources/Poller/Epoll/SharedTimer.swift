#if (os(Linux) || os(Android)) && !POLLER_KQUEUE
  import CPoller
  import Synchronization
  import SystemPackage

  /// A timer for the end that many waits have in common.
  ///
  /// A wait with a time limit that has to sleep starts a timer in the kernel and stops it again, which takes half a
  /// microsecond on a virtual machine. A loop under load waits thousands of times for its next tick. So the second wait
  /// for a deadline arms this timer, a timerfd, and the waits that follow have no limit of their own. A loop with little
  /// to do waits once for each deadline, and never arms it.
  ///
  /// Only the waiting thread uses it. The fields are atomic because a poller is shared.
  struct SharedTimer: ~Copyable {
    /// No deadline: no wait sleeps for a moment that has passed.
    private static let none: Int64 = 0

    private let descriptor = Atomic<Int32>(-1)

    /// The deadline that the timer is armed for.
    private let armed = Atomic<Int64>(none)

    /// The deadline of the last wait that the timer did not cover.
    private let candidate = Atomic<Int64>(none)

    deinit {
      let fd = descriptor.load(ordering: .relaxed)
      if fd >= 0 { Syscalls.close(fd) }
    }

    /// Arms the timer for a deadline from the second time on that it is asked to.
    ///
    /// - Returns: Whether the timer now covers this deadline: the wait needs no time limit.
    func arm(for deadline: Poller.Instant, on epoll: borrowing OwnedDescriptor, _ syscalls: Syscalls) -> Bool {
      let deadline = deadline.nanoseconds
      assert(deadline > Self.none, "only a deadline in the future is slept for")
      if armed.load(ordering: .relaxed) == deadline { return true }
      if candidate.exchange(deadline, ordering: .relaxed) != deadline { return false }
      if descriptor.load(ordering: .relaxed) < 0 {
        guard let timer = try? Self.make(on: epoll, syscalls) else { return false }
        descriptor.store(timer.release(), ordering: .relaxed)
      }
      Syscalls.set(timer: descriptor.load(ordering: .relaxed), to: deadline)
      armed.store(deadline, ordering: .relaxed)
      return true
    }

    /// Ends the cover of the deadline; to be called when the timer may have expired.
    func disarm() { armed.store(Self.none, ordering: .relaxed) }

    /// A timer whose expiry is reported once each time, without a call of `read(2)`.
    private static func make(on epoll: borrowing OwnedDescriptor, _ syscalls: Syscalls) throws(Errno)
      -> OwnedDescriptor
    {
      let timer = try syscalls.openTimer()
      try syscalls.control(
        epoll, EPOLL_CTL_ADD, fd: timer.number, events: EPOLLIN.rawValue | EPOLLET.rawValue, token: .wake)
      return timer
    }
  }
#endif
