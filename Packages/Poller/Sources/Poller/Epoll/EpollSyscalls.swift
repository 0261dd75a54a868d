#if (os(Linux) || os(Android)) && !POLLER_KQUEUE
  import CPoller
  import Synchronization
  import SystemPackage

  /// Every system call of the epoll backend.
  ///
  /// Interruptions are retried here; a thrown error is the caller's to handle.
  struct Syscalls: Sendable {
    /// The planned failures of these calls.
    let faults: Faults

    /// Corresponds to `epoll_create1(2)`.
    func open() throws(Errno) -> OwnedDescriptor {
      OwnedDescriptor(try Self.check(faults.take(.open) ?? cpoller_epoll_create()))
    }

    /// Corresponds to `eventfd(2)`.
    func openWaker() throws(Errno) -> OwnedDescriptor {
      OwnedDescriptor(try Self.check(faults.take(.openWaker) ?? cpoller_eventfd()))
    }

    /// Corresponds to `epoll_ctl(2)`, which is never interrupted.
    func control(
      _ epoll: borrowing OwnedDescriptor, _ operation: Int32, fd: Int32,
      events: UInt32 = 0, token: Poller.Token = .wake
    ) throws(Errno) {
      _ = try Self.check(
        faults.take(.control) ?? cpoller_epoll_ctl(epoll.number, operation, fd, events, token.rawValue))
    }

    /// Waits for events until the time is up; returns their number, 0 if the time is up.
    ///
    /// Corresponds to `epoll_pwait2(2)` if `isPrecise` and the time limit is neither zero nor infinite, else to
    /// `epoll_wait(2)`. Turns `isPrecise` off and carries on if the kernel does not have the former.
    func wait(
      _ epoll: borrowing OwnedDescriptor, into events: UnsafeMutablePointer<epoll_event>, capacity: Int32,
      _ countdown: Countdown, isPrecise: borrowing Atomic<Bool>
    ) throws(Errno) -> Int {
      var countdown = countdown
      while true {
        let isPreciseCall = countdown.remaining > 0 && isPrecise.load(ordering: .relaxed)
        let result =
          isPreciseCall
          ? unsafe waitPrecisely(epoll.number, events, capacity, countdown.remaining)
          : unsafe wait(epoll.number, events, capacity, countdown.milliseconds)
        // EPERM: how older container runtimes refuse system calls that they do not know.
        if isPreciseCall && (result == -Errno.noFunction.rawValue || result == -Errno.notPermitted.rawValue) {
          isPrecise.store(false, ordering: .relaxed)
          continue
        }
        assert(result <= capacity)
        if let count = try Self.count(of: result, &countdown) { return count }
      }
    }

    private func waitPrecisely(
      _ epoll: Int32, _ events: UnsafeMutablePointer<epoll_event>, _ capacity: Int32, _ nanoseconds: Int64
    ) -> Int32 {
      if let planned = faults.take(.waitPrecisely) { return planned }
      return unsafe cpoller_epoll_pwait2(epoll, events, capacity, nanoseconds)
    }

    private func wait(
      _ epoll: Int32, _ events: UnsafeMutablePointer<epoll_event>, _ capacity: Int32, _ milliseconds: Int32
    ) -> Int32 {
      if let planned = faults.take(.wait) { return planned }
      return unsafe cpoller_epoll_wait(epoll, events, capacity, milliseconds)
    }

    /// Corresponds to `timerfd_create(2)`.
    func openTimer() throws(Errno) -> OwnedDescriptor {
      OwnedDescriptor(try Self.check(faults.take(.openTimer) ?? cpoller_timerfd()))
    }

    /// Arms a timer for a moment of the monotonic clock, in nanoseconds.
    ///
    /// Corresponds to `timerfd_settime(2)`, which cannot fail here: the timer is open, and the moment valid.
    static func set(timer: Int32, to moment: Int64) {
      let result = cpoller_timerfd_set(timer, moment)
      assert(result == 0, "timerfd: \(Errno(rawValue: -result))")
    }

    /// Makes an eventfd's registration report an event.
    ///
    /// Adds one to the counter, also after interruptions. A counter that is full is emptied first: nobody else reads it.
    ///
    /// Corresponds to `write(2)`, and to `read(2)` where the counter is full.
    func signal(_ eventfd: Int32) throws(Errno) {
      do {
        try add(to: eventfd)
      } catch .resourceTemporarilyUnavailable {
        _ = cpoller_eventfd_empty(eventfd)
        try add(to: eventfd)
      }
    }

    private func add(to eventfd: Int32) throws(Errno) {
      try Self.untilDone { faults.take(.signal) ?? cpoller_eventfd_signal(eventfd) }
    }
  }
#endif
