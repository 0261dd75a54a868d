#if (os(Linux) || os(Android)) && !POLLER_KQUEUE
  import CPoller
  import Synchronization
  import SystemPackage

  /// The epoll backend.
  @safe
  struct Selector: ~Copyable {
    static let backend = Poller.Backend.epoll

    /// How many events one wait takes from the kernel: 3 KiB of them.
    private static let capacity = 256

    /// Wakes this selector.
    ///
    /// Its eventfd is registered edge-triggered: every write is reported, once, and it need never be read, which
    /// saves a system call per wake-up. The count in it only grows; at one wake-up per nanosecond it is full after
    /// 584 years.
    let bell: Bell

    private let epoll: OwnedDescriptor
    private let alarm = Alarm()
    private let events: UnsafeMutableBufferPointer<epoll_event>

    /// Whether the kernel is believed to have `epoll_pwait2(2)`; found out by the first wait that needs it.
    private let isPrecise = Atomic<Bool>(true)

    init() throws(Errno) {
      let epoll = try Syscalls.open()
      let eventfd = try Syscalls.openWaker()
      try Syscalls.control(
        epoll, EPOLL_CTL_ADD, eventfd.number, events: EPOLLIN.rawValue | EPOLLET.rawValue, token: .wake)
      self.epoll = epoll
      bell = Bell(eventfd)
      unsafe events = .allocate(capacity: Self.capacity)
    }

    deinit {
      bell.close()
      unsafe events.deallocate()
    }

    func add(
      _ fd: Int32, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger
    ) throws(Errno) {
      try Syscalls.control(epoll, EPOLL_CTL_ADD, fd, events: Self.mask(interest, trigger), token: token)
    }

    func modify(
      _ fd: Int32, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger
    ) throws(Errno) {
      try Syscalls.control(epoll, EPOLL_CTL_MOD, fd, events: Self.mask(interest, trigger), token: token)
    }

    func remove(_ fd: Int32) throws(Errno) {
      try Syscalls.control(epoll, EPOLL_CTL_DEL, fd)
    }

    /// Waits, and returns how many events there are to look at.
    func wait(_ countdown: Countdown) throws(Errno) -> Int {
      let hasAlarm = countdown.remaining > 0 && alarm.rings(at: countdown.end, on: epoll)
      let countdown = hasAlarm ? Countdown(nil) : countdown
      return try unsafe Syscalls.wait(epoll, into: events, countdown, isPrecise: isPrecise)
    }

    /// Takes note of a wake-up; whether it is one of the bell's, which is then to be delivered.
    ///
    /// Others are the alarm's, or come of a ring that was covered by an earlier delivery.
    func acknowledgeWake() -> Bool {
      if bell.acknowledge() { return true }
      alarm.noteRinging()
      return false
    }

    /// Decodes one of the events that the last wait received.
    func event(at index: Int) -> Poller.Event {
      let event = unsafe events[index]
      let token = unsafe Poller.Token(rawValue: event.data.u64)
      if token == .wake { return .wake }
      return Poller.Event(token: token, flags: Self.flags(unsafe event.events))
    }

    /// What to ask of the kernel.
    ///
    /// The end of the peer's stream is asked for together with readability: it is read like bytes are, and a caller who
    /// is not reading would hear of it in every wait. Errors and hang-ups are reported unasked, which is why a paused
    /// registration is one-shot: it reports such a thing once instead of in every wait.
    private static func mask(_ interest: Poller.Interest, _ trigger: Poller.Trigger) -> UInt32 {
      var mask: UInt32 = 0
      if interest.contains(.readable) { mask |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
      if interest.contains(.writable) { mask |= EPOLLOUT.rawValue }
      if mask == 0 { return EPOLLONESHOT.rawValue }
      switch trigger {
      case .level: return mask
      case .edge: return mask | EPOLLET.rawValue
      case .oneShot: return mask | EPOLLONESHOT.rawValue
      }
    }

    /// What the kernel's answer means; see the table at ``Poller/Event``.
    private static func flags(_ mask: UInt32) -> Poller.Event.Flags {
      let readable = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue
      let writable = EPOLLOUT.rawValue | EPOLLERR.rawValue
      let peerClosed = EPOLLRDHUP.rawValue | EPOLLHUP.rawValue
      var flags: Poller.Event.Flags = []
      if mask & readable != 0 { flags.insert(.readable) }
      if mask & writable != 0 { flags.insert(.writable) }
      if mask & peerClosed != 0 { flags.insert(.peerClosed) }
      if mask & EPOLLERR.rawValue != 0 { flags.insert(.error) }
      return flags
    }
  }
#endif
