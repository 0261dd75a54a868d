#if canImport(Darwin) || os(FreeBSD) || os(OpenBSD) || os(NetBSD) || POLLER_KQUEUE
  import CPoller
  import SystemPackage

  /// The kqueue backend.
  ///
  /// Where epoll has one registration of a descriptor, kqueue has two filters, `EVFILT_READ` and `EVFILT_WRITE`. A
  /// registration here is always both of them, enabled or disabled by interest, so that a paused one is still known to
  /// the kernel, and modifying or removing one that is not registered is an error as it is with epoll.
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
      let answers = Syscalls.change(
        kqueue, fd, deletes: false, adds: true, readFlags: Self.flags(.readable, of: interest, trigger),
        writeFlags: Self.flags(.writable, of: interest, trigger), token: token)
      try checkAdded(answers, fd, interest)
    }

    /// Deletes and adds both filters: the trigger of a filter that exists cannot be changed, and a new one reports a
    /// condition that holds already, as epoll does after a modification.
    func modify(
      _ fd: Int32, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger
    ) throws(Errno) {
      let answers = Syscalls.change(
        kqueue, fd, deletes: true, adds: true, readFlags: Self.flags(.readable, of: interest, trigger),
        writeFlags: Self.flags(.writable, of: interest, trigger), token: token)
      if answers.deleted_read != 0 && answers.deleted_write != 0 {
        _ = Syscalls.change(kqueue, fd, deletes: true, adds: false)
        throw Errno(rawValue: answers.deleted_read)
      }
      try checkAdded(answers, fd, interest)
    }

    func remove(_ fd: Int32) throws(Errno) {
      let answers = Syscalls.change(kqueue, fd, deletes: true, adds: false)
      if answers.deleted_read != 0 && answers.deleted_write != 0 {
        throw Errno(rawValue: answers.deleted_read)
      }
    }

    /// Waits, and returns how many events there are to look at.
    func wait(_ countdown: Countdown) throws(Errno) -> Int {
      let received = try unsafe Syscalls.wait(kqueue, into: events, countdown)
      let count = unsafe inbox.receive(UnsafeMutableBufferPointer(rebasing: events[..<received]))
      try disarm(count)
      return count
    }

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

    /// The flags of one filter of a registration.
    ///
    /// One-shot filters that are both enabled have `EV_CLEAR` on top, which changes nothing for a filter that reports
    /// once, and comes back with its event: this is how ``disarm(_:)`` knows, there being no table to look it up in.
    private static func flags(
      _ filter: Poller.Interest, of interest: Poller.Interest, _ trigger: Poller.Trigger
    ) -> UInt32 {
      var flags = interest.contains(filter) ? EV_ENABLE : EV_DISABLE
      switch trigger {
      case .level: break
      case .edge: flags |= EV_CLEAR
      case .oneShot: flags |= interest == [.readable, .writable] ? EV_DISPATCH | EV_CLEAR : EV_DISPATCH
      }
      return UInt32(flags)
    }

    /// Takes an addition back and throws if a filter that is needed could not be added.
    ///
    /// One that is only there to be disabled is not needed: the write filter, say, of a pipe's end for reading.
    private func checkAdded(
      _ answers: cpoller_answers, _ fd: Int32, _ interest: Poller.Interest
    ) throws(Errno) {
      let code: Int32
      if interest.contains(.readable) && answers.added_read != 0 {
        code = answers.added_read
      } else if interest.contains(.writable) && answers.added_write != 0 {
        code = answers.added_write
      } else {
        // Either filter stands for a paused registration.
        code = answers.added_write == 0 ? 0 : answers.added_read
      }
      if code == 0 { return }
      _ = Syscalls.change(kqueue, fd, deletes: true, adds: false)
      throw Errno(rawValue: code)
    }
  }
#endif
