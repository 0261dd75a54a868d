#if (os(Linux) || os(Android)) && !POLLER_KQUEUE
  import CPoller
  import Synchronization
  import SystemPackage

  /// A timer that ends waits at a moment which many of them have in common.
  ///
  /// A wait with a time limit that has to sleep starts a timer in the kernel and stops it again, which is dear on a
  /// virtual machine: half a microsecond. A loop under load waits thousands of times for its next tick. So the second
  /// wait for a moment sets this timer, a timerfd, and those that follow have no limit of their own. A loop with
  /// little to do waits for each moment once, and has no use for it.
  ///
  /// Used by the thread that waits alone; atomics because a poller is shared.
  struct Alarm: ~Copyable {
    /// No moment: nothing waits for what has passed.
    private static let none: Int64 = 0

    private let descriptor = Atomic<Int32>(-1)
    /// When it rings next.
    private let moment = Atomic<Int64>(none)
    /// What the last wait was for that it did not ring for.
    private let candidate = Atomic<Int64>(none)

    deinit {
      let fd = descriptor.load(ordering: .relaxed)
      if fd >= 0 { Syscalls.close(fd) }
    }

    /// Whether it rings at `moment`, from the second time that it is asked for it on.
    func rings(at moment: Poller.Instant, on epoll: borrowing OwnedDescriptor) -> Bool {
      let moment = moment.nanoseconds
      if self.moment.load(ordering: .relaxed) == moment { return true }
      if candidate.exchange(moment, ordering: .relaxed) != moment { return false }
      if descriptor.load(ordering: .relaxed) < 0 {
        guard let timer = try? Self.make(on: epoll) else { return false }
        descriptor.store(timer.release(), ordering: .relaxed)
      }
      Syscalls.set(timer: descriptor.load(ordering: .relaxed), to: moment)
      self.moment.store(moment, ordering: .relaxed)
      return true
    }

    /// To be called when it may have rung.
    func noteRinging() { moment.store(Self.none, ordering: .relaxed) }

    /// A timer whose ringing is reported once each time, without its having to be read.
    private static func make(on epoll: borrowing OwnedDescriptor) throws(Errno) -> OwnedDescriptor {
      let timer = try Syscalls.openTimer()
      try Syscalls.control(
        epoll, EPOLL_CTL_ADD, timer.number, events: EPOLLIN.rawValue | EPOLLET.rawValue, token: .wake)
      return timer
    }
  }
#endif
