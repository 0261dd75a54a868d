public import SystemPackage

// A reference to a class, and so copyable. Swift 6.3.1 crashes with `-O` (pass SemanticARCOpts) on a function with
// three properties: it borrows a noncopyable value, neither returns nor throws, and has a closure over a nested
// function that changes a local variable. All of this is in the caller's function before anything is inlined: only a
// copyable type keeps users away from it. ci/consumer-programs/Poller+Loops.swift has such loops.

/// Waits for many descriptors at once: epoll on Linux, kqueue on macOS and the BSDs.
///
/// A poller reports *readiness*: the descriptors that can be read or written without blocking. It neither reads nor
/// writes, keeps no table of descriptors and does not own the registered descriptors. Remove a descriptor before closing
/// it.
///
/// ```swift
/// let poller = try Poller()
/// try poller.add(socket, token: Poller.Token(rawValue: 7), interest: .readable)
/// try poller.wait(timeout: .seconds(1)) { event in
///   if event.isReadable { print("token \(event.token.rawValue): a read would not block") }
/// }
/// ```
///
/// A single thread waits at a time. Other threads may add, modify and remove at the same time, and use a ``Waker``.
///
/// A copy is the same poller, as a `FileDescriptor` is the same file. The poller is closed with its last copy.
public struct Poller: Sendable {
  private let core: PollerCore

  /// Creates a poller with nothing registered.
  ///
  /// Corresponds to `epoll_create1(2)` and `eventfd(2)`, or to `kqueue(2)`. The descriptors are closed on exec.
  ///
  /// - Throws: `Errno.tooManyOpenFiles`, `Errno.tooManyOpenFilesInSystem` or `Errno.noMemory`; nothing is left open.
  public init() throws(Errno) { try self.init(Faults()) }

  /// Creates a poller some of whose system calls may fail as planned.
  init(_ faults: Faults) throws(Errno) { core = try PollerCore(faults) }

  /// The kernel interface this build of the package uses.
  public static var backend: Backend { Selector.backend }

  /// A handle that ends this poller's wait from any thread.
  public var waker: Waker { Waker(core.selector.wakeSignal) }

  /// Registers a descriptor.
  ///
  /// A condition that already holds is reported by the next wait, with every trigger.
  ///
  /// Corresponds to `epoll_ctl(2)` with `EPOLL_CTL_ADD`, or to `kevent(2)` with `EV_ADD`.
  ///
  /// - Parameters:
  ///   - fd: An open descriptor, preferably non-blocking: after a stale event a read may find nothing.
  ///   - token: The token of this registration's events; any value but `UInt64.max`.
  ///   - interest: The conditions to wait for; an empty set pauses the registration.
  ///   - trigger: The frequency of reports while a condition holds.
  /// - Throws: `Errno.badFileDescriptor` if `fd` is not open; `Errno.noMemory` or `Errno.noSpace` if the kernel is
  ///   out of memory or watches. With epoll, `Errno.fileExists` if `fd` is already registered (kqueue replaces the
  ///   registration), and `Errno.notPermitted` if it is a regular file or a directory, which are always ready.
  public func add(
    _ fd: FileDescriptor, token: Token, interest: Interest, trigger: Trigger = .level
  ) throws(Errno) {
    precondition(token != .wake, "Poller.add: the token UInt64.max is the poller's own")
    try core.selector.add(fd.rawValue, token: token, interest: interest, trigger: trigger)
  }

  /// Replaces a registration's token, interest and trigger.
  ///
  /// A condition that holds is reported again by the next wait, with every trigger. So a one-shot registration is armed
  /// again.
  ///
  /// Corresponds to `epoll_ctl(2)` with `EPOLL_CTL_MOD`, or to `kevent(2)` with `EV_DELETE` and `EV_ADD`.
  ///
  /// - Parameters:
  ///   - fd: A descriptor registered with this poller.
  ///   - token: The token of this registration's events from now on; any value but `UInt64.max`.
  ///   - interest: The conditions to wait for; an empty set pauses the registration.
  ///   - trigger: The frequency of reports while a condition holds.
  /// - Throws: `Errno.noSuchFileOrDirectory` if `fd` is not registered; `Errno.badFileDescriptor` if it is not open;
  ///   `Errno.noMemory` if the kernel is out of memory.
  public func modify(
    _ fd: FileDescriptor, token: Token, interest: Interest, trigger: Trigger = .level
  ) throws(Errno) {
    precondition(token != .wake, "Poller.modify: the token UInt64.max is the poller's own")
    try core.selector.modify(fd.rawValue, token: token, interest: interest, trigger: trigger)
  }

  /// Ends a registration: no later wait reports it.
  ///
  /// In the body of a wait, the events that this wait has already received stay: one for the descriptor may still be
  /// delivered. Its token identifies it.
  ///
  /// Corresponds to `epoll_ctl(2)` with `EPOLL_CTL_DEL`, or to `kevent(2)` with `EV_DELETE`.
  ///
  /// - Parameter fd: A descriptor registered with this poller, still open.
  /// - Throws: `Errno.noSuchFileOrDirectory` if `fd` is not registered; `Errno.badFileDescriptor` if it is not open.
  public func remove(_ fd: FileDescriptor) throws(Errno) {
    try core.selector.remove(fd.rawValue)
  }

  /// Waits until something is ready, the poller is woken or the time is up, and delivers one event per registration.
  ///
  /// The time is never cut short: it is rounded up to the kernel's unit, nanoseconds or else milliseconds, and a signal
  /// does not end the wait. One wait delivers up to 256 events. If more are ready, the next waits deliver the others
  /// before any of these again.
  ///
  /// `body` may add, modify and remove descriptors and wake the poller. To wait inside `body`, or on two threads at once,
  /// is a precondition failure.
  ///
  /// Corresponds to `epoll_pwait2(2)` (`epoll_wait(2)` on kernels before 5.11), or to `kevent(2)`.
  ///
  /// - Parameters:
  ///   - timeout: The greatest time to wait. `nil`: without limit. Zero or less: not at all, only look.
  ///   - body: Called once for every event, on the calling thread, before this method returns.
  /// - Returns: The number of events delivered, a wake-up included; 0 if the time was up.
  /// - Throws: The kernel's error, of which a valid poller meets none in the normal course of events.
  /// - Complexity: A system call, and O(1) per event; nothing is allocated.
  @discardableResult
  public func wait(timeout: Duration?, _ body: (Event) -> Void) throws(Errno) -> Int {
    try core.wait(Countdown(timeout), body)
  }

  /// Waits as ``wait(timeout:_:)`` does, until a moment instead of for a time.
  ///
  /// For callers that keep time themselves: the clock is not read again. Waits with the same end share a timer of the
  /// kernel if that is cheaper.
  ///
  /// - Parameters:
  ///   - deadline: The moment to return at the latest. ``Instant/never``: without limit. A moment that has passed: not
  ///     at all, only look.
  ///   - now: The present moment, or one shortly before: the wait may end later by the difference.
  ///   - body: Called once for every event, on the calling thread, before this method returns.
  /// - Returns: The number of events delivered, a wake-up included; 0 if the time was up.
  /// - Throws: The kernel's error, of which a valid poller meets none in the normal course of events.
  /// - Complexity: A system call, and O(1) per event; nothing is allocated.
  @discardableResult
  public func wait(until deadline: Instant, now: Instant, _ body: (Event) -> Void) throws(Errno) -> Int {
    try core.wait(Countdown(until: deadline, now: now), body)
  }

  /// Waits as ``wait(until:now:_:)-(Poller.Instant,_,_)`` does, between moments given as nanoseconds.
  ///
  /// - Parameters:
  ///   - deadline: The moment to return at the latest; `Int64.max`: without limit.
  ///   - now: The present moment.
  ///   - body: Called once for every event, on the calling thread, before this method returns.
  /// - Returns: The number of events delivered, a wake-up included; 0 if the time was up.
  /// - Throws: The kernel's error, of which a valid poller meets none in the normal course of events.
  @available(*, deprecated, message: "pass moments as Poller.Instant")
  @discardableResult
  public func wait(until deadline: Int64, now: Int64, _ body: (Event) -> Void) throws(Errno) -> Int {
    try wait(until: Instant(nanoseconds: deadline), now: Instant(nanoseconds: now), body)
  }
}

extension Poller {
  /// A kernel interface that reports readiness.
  public enum Backend: Hashable, Sendable {
    /// `epoll(7)` of Linux.
    case epoll

    /// `kqueue(2)` of macOS and the BSDs.
    case kqueue
  }
}
