internal import CGnet
internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

#if DEBUG

  /// What a test wants to go wrong: chosen system calls fail with a chosen errno, or move fewer bytes
  /// than asked for, a chosen number of times.
  ///
  /// A plan is in force on the threads of one server (`Options.faults`), so tests in parallel do not
  /// meet each other's faults.
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

    /// How many planned faults have not happened yet.
    var remaining: Int { faults.withLock { $0.reduce(0) { $0 + $1.remaining } } }

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

    private static var ofThisThread: FaultPlan? {
      guard let plan = unsafe cgnet_thread_faults() else { return nil }
      return unsafe Unmanaged<FaultPlan>.fromOpaque(plan).takeUnretainedValue()
    }

    /// Puts `plan` in force on the calling thread; the caller keeps it alive until the thread ends or
    /// another is put in its place.
    static func install(_ plan: FaultPlan?) {
      unsafe cgnet_set_thread_faults(plan.map { unsafe Unmanaged.passUnretained($0).toOpaque() })
    }

    static func fails(_ call: SystemCall) -> Bool {
      guard let fault = ofThisThread?.take(call, shortening: false), let error = fault.errno else { return false }
      errno = error.rawValue
      return true
    }

    static func limit(_ call: SystemCall, _ count: Int) -> Int {
      guard let fault = ofThisThread?.take(call, shortening: true), let limit = fault.byteLimit else { return count }
      return min(limit, count)
    }
  }

  /// Whether the running test wants this call to fail; errno is set then.
  func isFailing(_ call: SystemCall) -> Bool { FaultPlan.fails(call) }

  /// How many of `count` bytes the running test lets this call move.
  func allowed(_ call: SystemCall, _ count: Int) -> Int { FaultPlan.limit(call, count) }

#else

  // Constants, so that a release build contains nothing of this.
  @inline(__always) func isFailing(_ call: SystemCall) -> Bool { false }
  @inline(__always) func allowed(_ call: SystemCall, _ count: Int) -> Int { count }

#endif

/// Throws what the running test wants this call to fail with.
func failIfPlanned(_ call: SystemCall) throws(Errno) {
  if isFailing(call) { throw Errno(rawValue: errno) }
}
