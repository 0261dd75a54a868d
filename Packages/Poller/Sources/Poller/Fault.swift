// Planned failures of system calls. Tests reach errors by them that a healthy machine does not produce. A plan belongs to
// one thread, so tests that run in parallel do not disturb each other. Release builds contain none.

#if DEBUG
  import CPoller
  import SystemPackage

  /// Planned failures of the calling thread's system calls.
  enum Fault {
    /// The calls that can be made to fail, named after their purpose for a poller.
    enum Call: Int32, CaseIterable {
      case open, control, wait, waitPrecisely, openWaker, openTimer, signal
    }

    /// Makes the next calls of one kind on this thread fail while `body` runs.
    ///
    /// `body` is not asynchronous, so it stays on the thread.
    ///
    /// - Returns: The number of planned failures that were not used.
    @discardableResult
    static func inject(
      _ errno: Errno, into call: Call, times: Int32 = 1, _ body: () throws -> Void
    ) rethrows -> Int32 {
      let plan = unsafe cpoller_fault(call.rawValue)
      unsafe plan.pointee = cpoller_fault(code: errno.rawValue, count: times)
      defer { unsafe plan.pointee.count = 0 }
      try body()
      return unsafe plan.pointee.count
    }

    /// The negated errno of a call that is to fail, or nil for a call that is to be made.
    static func next(_ call: Call) -> Int32? {
      let plan = unsafe cpoller_fault(call.rawValue)
      guard unsafe plan.pointee.count > 0 else { return nil }
      unsafe plan.pointee.count -= 1
      return unsafe -plan.pointee.code
    }
  }
#else
  /// Planned failures exist in debug builds only.
  enum Fault {
    enum Call {
      case open, control, wait, waitPrecisely, openWaker, openTimer, signal
    }

    @inline(__always)
    static func next(_ call: Call) -> Int32? { nil }
  }
#endif
