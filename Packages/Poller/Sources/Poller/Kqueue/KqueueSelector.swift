#if canImport(Darwin) || os(FreeBSD) || os(OpenBSD) || os(NetBSD) || POLLER_KQUEUE
  import CPoller
  import SystemPackage

  /// The kqueue backend.
  ///
  /// epoll has one registration of a descriptor, kqueue has two filters, `EVFILT_READ` and `EVFILT_WRITE`. A
  /// registration here is the filters of its interest, changed by one `kevent(2)`. A paused registration is one disabled
  /// filter. So every registration has a filter, and to modify or remove without one is an error, as it is with epoll.
  @safe
  struct Selector: PollerBackend, ~Copyable {
    static let backend = Poller.Backend.kqueue

    /// The number of filters' events that one wait takes from the kernel at most.
    private static let capacity = 256

    /// The signal that wakes this selector; owns the kqueue.
    let wakeSignal: WakeSignal

    private let syscalls: Syscalls
    private let kqueue: Int32
    private let events: UnsafeMutableBufferPointer<kevent>
    private let inbox: KqueueInbox

    init(_ syscalls: Syscalls) throws(Errno) {
      let kqueue = try syscalls.open()
      try syscalls.openWaker(kqueue)
      self.syscalls = syscalls
      self.kqueue = kqueue.number
      wakeSignal = WakeSignal(kqueue, syscalls)
      unsafe events = .allocate(capacity: Self.capacity)
      inbox = KqueueInbox(capacity: Self.capacity)
    }

    deinit {
      wakeSignal.close()
      unsafe events.deallocate()
    }

    func add(
      _ fd: Int32, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger
    ) throws(Errno) {
      try register(fd, deletes: false, token: token, interest: interest, trigger: trigger)
    }

    /// Deletes the filters and adds them anew.
    ///
    /// The trigger of a filter that exists cannot be changed. A new filter reports a condition that already holds, as
    /// epoll does after a modification.
    func modify(
      _ fd: Int32, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger
    ) throws(Errno) {
      try register(fd, deletes: true, token: token, interest: interest, trigger: trigger)
    }

    /// Adds the filters of a registration. A registration that was made in part is taken back.
    private func register(
      _ fd: Int32, deletes: Bool, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger
    ) throws(Errno) {
      let answers = syscalls.change(
        kqueue, fd: fd, deletes: deletes, flags: Self.flags(interest, trigger: trigger), token: token)
      let error = deletes && answers.deleted != 0 ? answers.deleted : answers.added
      if error == 0 { return }
      _ = syscalls.change(kqueue, fd: fd, deletes: true)
      throw Errno(rawValue: error)
    }

    func remove(_ fd: Int32) throws(Errno) {
      let answers = syscalls.change(kqueue, fd: fd, deletes: true)
      if answers.deleted != 0 { throw Errno(rawValue: answers.deleted) }
    }

    func wait(_ countdown: Countdown) throws(Errno) -> Int {
      let received = try unsafe syscalls.wait(kqueue, into: events, countdown)
      let count = unsafe inbox.receive(UnsafeMutableBufferPointer(rebasing: events[..<received]))
      try disarm(count)
      return count
    }

    func consumeWake() -> Bool { wakeSignal.consume() }

    func event(at index: Int) -> Poller.Event {
      inbox.event(at: index)
    }

    /// Disables the other filter of each one-shot registration of which one filter has fired.
    ///
    /// `EV_DISPATCH` disables only the filter that fired; a one-shot registration is silent for both directions.
    private func disarm(_ count: Int) throws(Errno) {
      assert(count <= Self.capacity)
      var changes = 0
      for index in 0..<count {
        let event = unsafe events[index]
        guard unsafe Self.leavesOtherFilterArmed(event) else { continue }
        let other = unsafe Int32(event.filter) == Int32(EVFILT_READ) ? EVFILT_WRITE : EVFILT_READ
        // The changes overwrite events that have been looked at; there are never more changes than those.
        assert(changes <= index)
        unsafe events[changes] = cpoller_kevent_disable(
          event.ident, Int32(other), inbox.event(at: index).token.rawValue)
        changes += 1
      }
      // The answers are ignored: the only error is that the descriptor was closed meanwhile.
      if changes > 0 {
        try unsafe syscalls.submit(kqueue, UnsafeMutableBufferPointer(rebasing: events[..<changes]))
      }
    }

    private static func leavesOtherFilterArmed(_ event: kevent) -> Bool {
      let both = UInt32(EV_DISPATCH | EV_CLEAR)
      return unsafe UInt32(event.flags) & both == both
    }

    /// The flags of a registration's filters; zero for a filter that the registration does not have.
    ///
    /// The filters of a one-shot registration for both directions have `EV_CLEAR` too. It changes nothing for a filter
    /// that reports once, and comes back with its event. ``disarm(_:)`` knows of the other filter by it, without a table.
    private static func flags(
      _ interest: Poller.Interest, trigger: Poller.Trigger
    ) -> (read: UInt32, write: UInt32) {
      if interest.isEmpty { return (UInt32(EV_DISABLE), 0) }
      var flags = UInt32(EV_ENABLE)
      switch trigger {
      case .level: break
      case .edge: flags |= UInt32(EV_CLEAR)
      case .oneShot:
        flags |= UInt32(interest == [.readable, .writable] ? EV_DISPATCH | EV_CLEAR : EV_DISPATCH)
      }
      return (interest.contains(.readable) ? flags : 0, interest.contains(.writable) ? flags : 0)
    }
  }
#endif
