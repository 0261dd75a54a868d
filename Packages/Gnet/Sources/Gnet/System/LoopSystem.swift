package import Poller
package import SystemPackage

/// The operating system as an event loop uses it: system calls and readiness.
///
/// A loop is generic over its system. There are three systems: ``Kernel``; in debug builds ``FailingSystem``, which adds the
/// planned faults of a test; and the simulated system of the module GnetTesting.
package protocol LoopSystem: SystemCalls {
  associatedtype Selector: LoopSelector

  /// Opens a selector without descriptors. The caller must call `destroy()` once.
  func openSelector() throws(Errno) -> Selector
}

/// A system with threads, which loops run on.
protocol ThreadedSystem: LoopSystem {
  /// Starts a thread. Corresponds to `pthread_create(3)`.
  func startThread(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) -> Thread
}

/// The readiness of a loop's descriptors.
///
/// A small value that refers to a selector. All copies refer to the same selector, and copying counts no references.
package protocol LoopSelector: Sendable {
  /// The kernel interface whose rules the selector follows: which conditions it reports, and when it forgets a descriptor.
  var backend: Poller.Backend { get }

  /// Ends the loop's wait. May be called on any thread, also after `destroy()`; calls before a wait are merged.
  var waker: @Sendable () -> Void { get }

  /// Starts watching a descriptor.
  func add(_ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest) throws(Errno)

  /// Changes the interest and the trigger of a descriptor.
  func modify(_ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest, _ trigger: Poller.Trigger) throws(Errno)

  /// Stops watching a descriptor. Does nothing for a descriptor that is not watched.
  func remove(_ fd: Int32)

  /// Waits until a descriptor is ready, the loop is woken or the deadline has passed. Calls `body` with each event.
  ///
  /// - Returns: the error of a wait that failed.
  func wait(until deadline: Poller.Instant, now: Poller.Instant, _ body: (Poller.Event) -> Void) -> Errno?

  /// Closes the selector. Must be called exactly once.
  func destroy()
}
