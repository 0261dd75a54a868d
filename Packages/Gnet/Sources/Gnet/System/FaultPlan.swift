#if DEBUG

  internal import SystemPackage

  /// The planned faults of one server: chosen calls fail with a chosen errno, or move fewer bytes than asked for, a
  /// chosen number of times.
  ///
  /// A plan is in force for the server that has it in `Options.faults`, on all of its threads: see ``FailingSystem``.
  /// Tests that run in parallel do not meet each other's faults.
  final class FaultPlan: Sendable {
    private struct Fault {
      var call: SystemCall
      var errno: Errno?
      var byteLimit: Int?
      var skipping: Int
      var remaining: Int
    }

    private let faults = Lock<[Fault]>([])

    /// After `skipping` more calls, fails the next `times` calls of `call` with `errno`.
    func fail(_ call: SystemCall, with errno: Errno, times: Int = 1, skipping: Int = 0) {
      faults.withLock {
        $0.append(Fault(call: call, errno: errno, byteLimit: nil, skipping: skipping, remaining: times))
      }
    }

    /// Lets the next `times` calls of `call` move no more than `byteLimit` bytes each.
    func shorten(_ call: SystemCall, to byteLimit: Int, times: Int) {
      faults.withLock {
        $0.append(Fault(call: call, errno: nil, byteLimit: byteLimit, skipping: 0, remaining: times))
      }
    }

    /// The number of planned faults that have not happened yet.
    var remaining: Int { faults.withLock { $0.reduce(0) { $0 + $1.remaining } } }

    /// Uses up a fault that is planned for a call. Returns the errno that the call is to fail with.
    func takeFault(for call: SystemCall) -> Errno? { take(call, shortening: false)?.errno }

    /// Uses up a fault that shortens a call. Returns how many of `count` bytes the call may move.
    func takeLimit(for call: SystemCall, _ count: Int) -> Int {
      min(count, take(call, shortening: true)?.byteLimit ?? count)
    }

    private func take(_ call: SystemCall, shortening: Bool) -> Fault? {
      faults.withLock { faults in
        let matches = faults.firstIndex {
          $0.call == call && ($0.byteLimit != nil) == shortening && $0.remaining > 0
        }
        guard let found = matches else { return nil }
        if faults[found].skipping > 0 {
          faults[found].skipping -= 1
          return nil
        }
        faults[found].remaining -= 1
        return faults[found]
      }
    }
  }

#endif
