internal import Synchronization

/// A value behind a lock: a `Mutex` with support for the thread sanitizer.
///
/// The library that implements `Mutex` is not instrumented, so the sanitizer reports accesses to the protected value as
/// races. The atomic `turn` shows the sanitizer the order of the accesses. Only the holder of the lock uses `turn`, so
/// an ordinary load and store are enough.
struct Lock<Value: ~Copyable>: ~Copyable, Sendable {
  private let mutex: Mutex<Value>
  private let turn = Atomic<UInt32>(0)

  init(_ value: consuming sending Value) { mutex = Mutex(value) }

  /// Calls `body` with the value, holding the lock.
  borrowing func withLock<Result: ~Copyable>(
    _ body: (inout sending Value) -> sending Result
  ) -> sending Result {
    mutex.withLock { value in
      let count = turn.load(ordering: .acquiring)
      defer { turn.store(count &+ 1, ordering: .releasing) }
      return body(&value)
    }
  }
}
