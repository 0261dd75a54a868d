#if (os(Linux) || os(Android)) && !POLLER_KQUEUE
  import CPoller
  import Synchronization
  import SystemPackage

  /// The epoll backend.
  @safe
  struct Selector: PollerBackend, ~Copyable {
    static let backend = Poller.Backend.epoll

    /// The number of events that one wait takes from the kernel at most: 3 KiB of them.
    private static let capacity: Int32 = 256

    /// The signal that wakes this selector, by an eventfd.
    ///
    /// The eventfd is registered edge-triggered: every write is reported once, and no wake-up costs a `read(2)`. Its
    /// counter only grows. At one wake-up per nanosecond it is full after 584 years; ``Syscalls/signal(_:)`` then
    /// empties it.
    let wakeSignal: WakeSignal

    private let syscalls: Syscalls
    private let epoll: OwnedDescriptor
    private let timer = SharedTimer()
    private let events: UnsafeMutablePointer<epoll_event>

    /// Whether the kernel may have `epoll_pwait2(2)`; settled by the first wait that needs the call.
    private let isPrecise = Atomic<Bool>(true)

    init(_ syscalls: Syscalls) throws(Errno) {
      let epoll = try syscalls.open()
      let eventfd = try syscalls.openWaker()
      try syscalls.control(
        epoll, EPOLL_CTL_ADD, fd: eventfd.number, events: EPOLLIN.rawValue | EPOLLET.rawValue, token: .wake)
      self.syscalls = syscalls
      self.epoll = epoll
      wakeSignal = WakeSignal(eventfd, syscalls)
      unsafe events = .allocate(capacity: Int(Self.capacity))
    }

    deinit {
      wakeSignal.close()
      unsafe events.deallocate()
    }

    func add(
      _ fd: Int32, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger
    ) throws(Errno) {
      try syscalls.control(epoll, EPOLL_CTL_ADD, fd: fd, events: Self.mask(interest, trigger: trigger), token: token)
    }

    func modify(
      _ fd: Int32, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger
    ) throws(Errno) {
      try syscalls.control(epoll, EPOLL_CTL_MOD, fd: fd, events: Self.mask(interest, trigger: trigger), token: token)
    }

    func remove(_ fd: Int32) throws(Errno) {
      try syscalls.control(epoll, EPOLL_CTL_DEL, fd: fd)
    }

    @inline(__always)
    func wait(_ countdown: Countdown) throws(Errno) -> Int {
      let isTimed = countdown.remaining > 0 && timer.arm(for: countdown.end, on: epoll, syscalls)
      let countdown = isTimed ? Countdown(nil) : countdown
      return try unsafe syscalls.wait(epoll, into: events, capacity: Self.capacity, countdown, isPrecise: isPrecise)
    }

    /// Consumes a wake-up; false if it is the timer's, or if an earlier delivery has covered it.
    func consumeWake() -> Bool {
      if wakeSignal.consume() { return true }
      timer.disarm()
      return false
    }

    func event(at index: Int) -> Poller.Event {
      assert(0..<Int(Self.capacity) ~= index)
      let event = unsafe events[index]
      let token = unsafe Poller.Token(rawValue: event.data.u64)
      if token == .wake { return .wake }
      return Poller.Event(token: token, flags: Self.flags(unsafe event.events))
    }

    /// The events to ask the kernel for.
    ///
    /// The end of the peer's stream is asked for together with readability: it is read as bytes are, and would be
    /// reported in every wait to a caller that does not read. Errors and hang-ups are reported unasked. A paused
    /// registration is one-shot, so that such an event is reported once instead of in every wait.
    private static func mask(_ interest: Poller.Interest, trigger: Poller.Trigger) -> UInt32 {
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

    /// The meaning of the kernel's events; see the table at ``Poller/Event``.
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
