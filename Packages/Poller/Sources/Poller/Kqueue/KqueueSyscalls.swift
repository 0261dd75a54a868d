#if canImport(Darwin) || os(FreeBSD) || os(OpenBSD) || os(NetBSD) || POLLER_KQUEUE
  import CPoller
  import SystemPackage

  /// Every system call of the kqueue backend.
  ///
  /// Interruptions are retried here; a thrown error is the caller's to handle.
  struct Syscalls: Sendable {
    /// The planned failures of these calls.
    let faults: Faults

    /// Corresponds to `kqueue(2)`, closed on exec.
    func open() throws(Errno) -> OwnedDescriptor {
      OwnedDescriptor(try Self.check(faults.take(.open) ?? cpoller_kqueue()))
    }

    /// Adds the user event that ``signal(_:)`` triggers.
    ///
    /// Corresponds to `kevent(2)` with `EVFILT_USER` and `EV_ADD`.
    func openWaker(_ kqueue: borrowing OwnedDescriptor) throws(Errno) {
      _ = try Self.check(faults.take(.openWaker) ?? cpoller_kqueue_add_user(kqueue.number))
    }

    /// Deletes a descriptor's filters if asked to, and then adds the filters whose flags are not zero.
    ///
    /// Corresponds to `kevent(2)`, which does not sleep here and so is not interrupted.
    func change(
      _ kqueue: Int32, fd: Int32, deletes: Bool, flags: (read: UInt32, write: UInt32) = (0, 0),
      token: Poller.Token = .wake
    ) -> cpoller_answers {
      if let planned = faults.take(.control) { return cpoller_answers(deleted: -planned, added: -planned) }
      return cpoller_kqueue_change(kqueue, fd, deletes, flags.read, flags.write, token.rawValue)
    }

    /// Makes changes that each ask for their answer with `EV_RECEIPT`, and overwrites them with the answers.
    ///
    /// Corresponds to `kevent(2)`, which does not sleep here and so is not interrupted.
    func submit(_ kqueue: Int32, _ changes: UnsafeMutableBufferPointer<kevent>) throws(Errno) {
      _ = try Self.check(unsafe cpoller_kqueue_submit(kqueue, changes.baseAddress!, Int32(changes.count)))
    }

    /// Waits for events until the time is up; returns their number, 0 if the time is up.
    ///
    /// Corresponds to `kevent(2)`.
    func wait(
      _ kqueue: Int32, into events: UnsafeMutableBufferPointer<kevent>, _ countdown: Countdown
    ) throws(Errno) -> Int {
      var countdown = countdown
      while true {
        let result = unsafe waitOnce(kqueue, events, countdown.remaining)
        assert(result <= events.count)
        if let count = try Self.count(of: result, &countdown) { return count }
      }
    }

    private func waitOnce(
      _ kqueue: Int32, _ events: UnsafeMutableBufferPointer<kevent>, _ nanoseconds: Int64
    ) -> Int32 {
      if let planned = faults.take(.wait) { return planned }
      return unsafe cpoller_kqueue_wait(kqueue, events.baseAddress!, Int32(events.count), nanoseconds)
    }

    /// Triggers the kqueue's own user event, also after interruptions.
    ///
    /// Corresponds to `kevent(2)` with `NOTE_TRIGGER`.
    func signal(_ kqueue: Int32) throws(Errno) {
      try Self.untilDone { faults.take(.signal) ?? cpoller_kqueue_trigger_user(kqueue) }
    }
  }
#endif
