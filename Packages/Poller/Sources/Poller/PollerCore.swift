import Synchronization
import SystemPackage

/// The shared part of all copies of a poller: the backend, and the wait on it.
// Unchecked, because the kernel makes registering thread-safe, and because the only state without protection, the buffer
// of received events, belongs to the one wait that `isWaiting` admits.
final class PollerCore: @unchecked Sendable {
  let selector: Selector
  private let isWaiting = Atomic<Bool>(false)

  init(_ faults: Faults) throws(Errno) { selector = try Selector(Syscalls(faults: faults)) }

  /// Waits until something is ready, the poller is woken or the time is up, and delivers one event per registration.
  ///
  /// - Returns: The number of events delivered; 0 if the time was up.
  @inline(__always)
  func wait(_ countdown: Countdown, _ body: (Poller.Event) -> Void) throws(Errno) -> Int {
    let isNested = isWaiting.exchange(true, ordering: .acquiring)
    precondition(!isNested, "Poller.wait: already waiting, on another thread or in the body that called it")
    defer { isWaiting.store(false, ordering: .releasing) }

    var countdown = countdown
    while true {
      let count = try selector.wait(countdown)
      var delivered = count
      for index in 0..<count {
        let event = selector.event(at: index)
        if event.isWake && !selector.consumeWake() {
          delivered &-= 1
        } else {
          body(event)
        }
      }
      assert(0...count ~= delivered)
      if delivered > 0 || count == 0 { return delivered }
      countdown.refresh()
      if countdown.remaining == 0 { return 0 }
    }
  }
}
