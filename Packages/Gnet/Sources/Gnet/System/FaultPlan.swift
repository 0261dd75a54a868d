#if DEBUG

  internal import SystemPackage

  /// The planned faults of one server: chosen calls fail with a chosen errno, move fewer bytes than asked for, or are
  /// never answered, a chosen number of times.
  ///
  /// A plan applies to all threads of the server with this plan in `Options.faults`, through ``FailingSystem``. Tests
  /// that run in parallel do not share faults.
  final class FaultPlan: Sendable {
    private struct Fault {
      enum Kind { case failure(Errno), shortness(byteLimit: Int), loss }

      var call: SystemCall
      var kind: Kind
      var skipping: Int
      var remaining: Int
    }

    private let faults = Lock<[Fault]>([])
    private let names = Lock<[String: [SocketAddress]]>([:])

    /// Plans failures: after `skipping` unchanged calls of `call`, the next `times` calls fail with `errno`.
    func fail(_ call: SystemCall, with errno: Errno, times: Int = 1, skipping: Int = 0) {
      add(Fault(call: call, kind: .failure(errno), skipping: skipping, remaining: times))
    }

    /// Plans short transfers: the next `times` calls of `call` move at most `byteLimit` bytes each.
    func shorten(_ call: SystemCall, to byteLimit: Int, times: Int) {
      add(Fault(call: call, kind: .shortness(byteLimit: byteLimit), skipping: 0, remaining: times))
    }

    /// Plans answers: a host has these addresses, whatever the system knows.
    func resolve(_ host: String, to addresses: [SocketAddress]) { names.withLock { $0[host] = addresses } }

    /// The planned addresses of a host.
    func addresses(of host: String) -> [SocketAddress]? { names.withLock { $0[host] } }

    /// Plans losses: the next `times` calls of `call` are never answered.
    func lose(_ call: SystemCall, times: Int = 1) {
      add(Fault(call: call, kind: .loss, skipping: 0, remaining: times))
    }

    private func add(_ fault: Fault) {
      assert(fault.remaining > 0 && fault.skipping >= 0, "a fault that never happens")
      faults.withLock { $0.append(fault) }
    }

    /// The number of planned faults that have not happened yet.
    var remaining: Int { faults.withLock { $0.reduce(0) { $0 + $1.remaining } } }

    /// Uses up a planned failure of a call. Returns the errno of the failure; `nil` if none is planned.
    func takeFault(for call: SystemCall) -> Errno? {
      take(call) { if case .failure(let errno) = $0 { errno } else { nil } }
    }

    /// Uses up a planned short transfer. Returns how many of `count` bytes the call may move.
    func takeLimit(for call: SystemCall, _ count: Int) -> Int {
      min(count, take(call) { if case .shortness(let limit) = $0 { limit } else { nil } } ?? count)
    }

    /// Uses up a planned loss of a call. Returns whether one was planned.
    func takeLoss(of call: SystemCall) -> Bool {
      take(call) { if case .loss = $0 { true } else { nil } } ?? false
    }

    /// Uses up the first fault of a call for which `value` has a value, which it returns.
    private func take<Value>(_ call: SystemCall, _ value: (Fault.Kind) -> Value?) -> Value? {
      faults.withLock { faults in
        for index in faults.indices where faults[index].call == call && faults[index].remaining > 0 {
          guard let found = value(faults[index].kind) else { continue }
          if faults[index].skipping > 0 {
            faults[index].skipping -= 1
            return nil
          }
          faults[index].remaining -= 1
          return found
        }
        return nil
      }
    }
  }

#endif
