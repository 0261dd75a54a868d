import SystemPackage

/// The contract of a backend: the members that `Poller` uses of the platform's `Selector`.
///
/// Each folder of a backend, compiled on its systems only, defines two types:
///
/// - `Selector`, which conforms to this protocol. `Poller` uses the struct itself, so the protocol costs nothing.
/// - `Syscalls`, a struct with every system call of the backend, and with `faults`, which may make these calls fail. Beyond the calls of its own `Selector` it has
///   `signal(_: Int32) throws(Errno)`, which makes the descriptor of a ``WakeSignal`` report a wake-up, and
///   `close(_: Int32)`.
///
/// A single thread at a time waits and looks at the events. Other threads may add, modify and remove at the same time.
protocol PollerBackend: ~Copyable {
  /// The kernel interface.
  static var backend: Poller.Backend { get }

  /// The signal that ends a wait from any thread; closed with the backend.
  var wakeSignal: WakeSignal { get }

  /// Opens the backend's descriptors, closed on exec; none of them stays open if this throws.
  init(_ syscalls: Syscalls) throws(Errno)

  /// Registers a descriptor. A condition that already holds is reported by the next wait, with every trigger.
  func add(_ fd: Int32, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger) throws(Errno)

  /// Replaces a registration; the same holds for conditions. Throws `ENOENT` if there is none.
  func modify(_ fd: Int32, token: Poller.Token, interest: Poller.Interest, trigger: Poller.Trigger) throws(Errno)

  /// Ends a registration. Throws `ENOENT` if there is none.
  func remove(_ fd: Int32) throws(Errno)

  /// Waits until something has happened or the time is up, also when interrupted by signals.
  ///
  /// - Returns: The number of events, one for each registration with something to report; 0 if the time is up.
  func wait(_ countdown: Countdown) throws(Errno) -> Int

  /// An event that the last wait received. Its token is ``Poller/Token/wake`` if it is a wake-up.
  func event(at index: Int) -> Poller.Event

  /// Consumes a wake-up; to be called once for each event of a wake-up, before its delivery.
  ///
  /// - Returns: Whether the event is to be delivered; if not, an earlier delivery has covered the wake-up.
  func consumeWake() -> Bool
}
