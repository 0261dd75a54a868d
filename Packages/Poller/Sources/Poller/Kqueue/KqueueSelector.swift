#if canImport(Darwin) || os(FreeBSD) || os(OpenBSD) || os(NetBSD) || POLLER_KQUEUE
  import CPoller
  import SystemPackage

  /// The kqueue backend.
  ///
  /// Where epoll has one registration of a descriptor, kqueue has two filters, `EVFILT_READ` and `EVFILT_WRITE`. A
  /// registration here is the filters of its interest, in one `kevent(2)`, or a disabled one to stand for it while it is
  /// paused. There is always one, so that to modify or remove what is not registered is an error, as it is with epoll.
  @safe
  struct Selector: ~Copyable {
    static let backend = Poller.Backend.kqueue

    /// How many filters' events one wait takes from the kernel.
    private static let capacity = 256

    /// Wakes this selector, and owns its kqueue.
    let bell: Bell

    private let kqueue: Int32
    private let events: UnsafeMutableBufferPointer<kevent>
    private let inbox: KqueueInbox

    init() throws(Errno) {
      let kqueue = try Syscalls.open()
      try Syscalls.openWaker(kqueue)
      self.kqueue = kqueue.number
      bell = Bell(kqueue)
      unsafe events = .allocate(capacity: Self.capacity)
      inbox = KqueueInbox(capacity: Self.capacity)
    }

    deinit {
      bell.close()
      unsafe events.deallocate()
    }

    func add(
      _ fd: Int32, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger
    ) throws(Errno) {
      let answers = Syscalls.change(kqueue, fd, deletes: false, Self.flags(interest, trigger), token: token)
      if answers.added != 0 { try fail(answers.added, fd) }
    }

    /// Deletes the filters and adds them anew.
    ///
    /// The trigger of a filter that exists cannot be changed, and a new one reports a condition that holds already, as
    /// epoll does after a modification.
    func modify(
      _ fd: Int32, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger
    ) throws(Errno) {
      let answers = Syscalls.change(kqueue, fd, deletes: true, Self.flags(interest, trigger), token: token)
      if answers.deleted != 0 { try fail(answers.deleted, fd) }
      if answers.added != 0 { try fail(answers.added, fd) }
    }

    func remove(_ fd: Int32) throws(Errno) {
      let answers = Syscalls.change(kqueue, fd, deletes: true)
      if answers.deleted != 0 { throw Errno(rawValue: answers.deleted) }
    }

    /// Takes back what part of a registration was made.
    private func fail(_ code: Int32, _ fd: Int32) throws(Errno) {
      _ = Syscalls.change(kqueue, fd, deletes: true)
      throw Errno(rawValue: code)
    }

    /// Waits, and returns how many events there are to look at.
    func wait(_ countdown: Countdown) throws(Errno) -> Int {
      let received = try unsafe Syscalls.wait(kqueue, into: events, countdown)
      let count = unsafe inbox.receive(UnsafeMutableBufferPointer(rebasing: events[..<received]))
      try disarm(count)
      return count
    }

    /// Takes note of a wake-up; whether it is to be delivered, not being covered by an earlier delivery.
    func acknowledgeWake() -> Bool { bell.acknowledge() }

    /// One of the events that the last wait received.
    func event(at index: Int) -> Poller.Event {
      inbox.event(at: index)
    }

    /// Disables the other filter of each one-shot registration of which one filter has fired.
    ///
    /// `EV_DISPATCH` disables the filter that fired and no more; a one-shot registration is silent for both directions.
    private func disarm(_ count: Int) throws(Errno) {
      var changes = 0
      for index in 0..<count {
        let event = unsafe events[index]
        guard unsafe Self.leavesOtherFilterArmed(event) else { continue }
        let other = unsafe Int32(event.filter) == Int32(EVFILT_READ) ? EVFILT_WRITE : EVFILT_READ
        // The changes overwrite events that have been looked at: there are never more of them.
        unsafe events[changes] = cpoller_kevent_disable(
          event.ident, Int32(other), inbox.event(at: index).token.rawValue)
        changes += 1
      }
      // Answers are of no interest: the only error is that the descriptor was closed meanwhile.
      if changes > 0 {
        try unsafe Syscalls.submit(kqueue, UnsafeMutableBufferPointer(rebasing: events[..<changes]))
      }
    }

    private static func leavesOtherFilterArmed(_ event: kevent) -> Bool {
      let both = UInt32(EV_DISPATCH | EV_CLEAR)
      return unsafe UInt32(event.flags) & both == both
    }

    /// The flags of a registration's filters; zero for one that it does not have.
    ///
    /// Of a one-shot registration for both directions, the filters have `EV_CLEAR` on top. That changes nothing for a
    /// filter that reports once, and comes back with its event: this is how ``disarm(_:)`` knows of the other filter,
    /// there being no table to look it up in.
    private static func flags(
      _ interest: Poller.Interest, _ trigger: Poller.Trigger
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
