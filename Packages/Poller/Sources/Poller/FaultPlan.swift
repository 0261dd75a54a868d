import SystemPackage

// Planned failures of system calls, in debug builds only. Tests reach errors by them that a healthy machine does not
// produce. A plan belongs to one poller, so tests that run in parallel do not disturb each other. It lies below the
// retries of the backend, which a system around the poller cannot reach.

/// The system calls of a poller that can be made to fail, named after their purpose.
enum FailingCall: String, CaseIterable {
  case open, control, wait, waitPrecisely, openWaker, openTimer, signal
}

#if DEBUG
  import Synchronization

  /// The planned failures of a poller's system calls.
  struct Faults: Sendable {
    /// The plan; `nil` outside of tests.
    var plan: FaultPlan?

    /// Uses up a planned failure. Returns the negated errno of a call that is to fail; `nil` if the call is to be made.
    func take(_ call: FailingCall) -> Int32? { plan?.take(call).map { -$0.rawValue } }
  }

  /// A plan of failures: chosen calls fail with a chosen errno, a chosen number of times.
  final class FaultPlan: Sendable {
    private let failures = Mutex<[(call: FailingCall, errno: Errno, remaining: Int)]>([])

    /// Plans failures: the next `times` calls of `call` fail with `errno`.
    func fail(_ call: FailingCall, with errno: Errno, times: Int = 1) {
      failures.withLock { $0.append((call, errno, times)) }
    }

    /// The number of planned failures that have not happened yet.
    var remaining: Int { failures.withLock { $0.reduce(0) { $0 + $1.remaining } } }

    /// Drops the failures that have not happened yet.
    func removeAll() { failures.withLock { $0.removeAll() } }

    /// Uses up a planned failure of a call.
    fileprivate func take(_ call: FailingCall) -> Errno? {
      failures.withLock { failures in
        guard let index = failures.firstIndex(where: { $0.call == call && $0.remaining > 0 }) else { return nil }
        failures[index].remaining -= 1
        return failures[index].errno
      }
    }
  }
#else
  /// The planned failures of a poller's system calls: none.
  struct Faults: Sendable {
    @inline(__always)
    func take(_ call: FailingCall) -> Int32? { nil }
  }
#endif
