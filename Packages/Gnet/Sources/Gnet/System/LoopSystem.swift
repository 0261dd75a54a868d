internal import Poller
internal import SystemPackage

/// The outside as a loop sees it: the calls, and readiness.
///
/// A loop is generic over its system. There are two: ``Kernel``, and ``FailingSystem``, which wraps another system and
/// fails or shortens the calls that a test has planned (debug builds only).
protocol LoopSystem: SystemCalls {
  associatedtype Selector: LoopSelector

  /// Opens a selector with nothing registered; `destroy()` ends it.
  func openSelector() throws(Errno) -> Selector
}

/// The readiness of a loop's descriptors.
///
/// A small value that refers to the selector: its copies are one selector, and copying counts no references.
protocol LoopSelector: Sendable {
  /// Ends the wait of the loop; coalesced, from any thread, harmless after the end of the selector.
  var waker: @Sendable () -> Void { get }

  /// Starts watching a descriptor.
  func add(_ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest) throws(Errno)

  /// Changes what a descriptor is watched for.
  func modify(_ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest, _ trigger: Poller.Trigger) throws(Errno)

  /// Ends the watching of a descriptor. A descriptor that is not watched is left as it is.
  func remove(_ fd: Int32)

  /// Waits until something is ready, the loop is woken or the deadline has come, and delivers the events.
  func wait(until deadline: Poller.Instant, now: Poller.Instant, _ body: (Poller.Event) -> Void) throws(Errno)

  /// Ends the selector; to be called once.
  func destroy()
}
