#if DEBUG

  internal import SystemPackage

  /// The planned faults of one server: chosen calls fail with a chosen errno, or move fewer bytes than asked for, a
  /// chosen number of times.
  ///
  /// A plan applies to all threads of the server with this plan in `Options.faults`, through ``FailingSystem``. Tests
  /// that run in parallel do not share faults.
  final class FaultPlan: Sendable {
    private struct Fault {
      var call: SystemCall
      var errno: Errno?
      var byteLimit: Int?
      var skipping: Int
      var remaining: Int
    }

    private let faults = Lock<[Fault]>([])

    /// Plans failures: after `skipping` unchanged calls of `call`, the next `times` calls fail with `errno`.
    func fail(_ call: SystemCall, with errno: Errno, times: Int = 1, skipping: Int = 0) {
      faults.withLock {
        $0.append(Fault(call: call, errno: errno, byteLimit: nil, skipping: skipping, remaining: times))
      }
    }

    /// Plans short transfers: the next `times` calls of `call` move at most `byteLimit` bytes each.
    func shorten(_ call: SystemCall, to byteLimit: Int, times: Int) {
      faults.withLock {
        $0.append(Fault(call: call, errno: nil, byteLimit: byteLimit, skipping: 0, remaining: times))
      }
    }

    /// The number of planned faults that have not happened yet.
    var remaining: Int { faults.withLock { $0.reduce(0) { $0 + $1.remaining } } }

    /// Uses up a planned failure of a call. Returns the errno of the failure; `nil` if none is planned.
    func takeFault(for call: SystemCall) -> Errno? { take(call, shortening: false)?.errno }

    /// Uses up a planned short transfer. Returns how many of `count` bytes the call may move.
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
