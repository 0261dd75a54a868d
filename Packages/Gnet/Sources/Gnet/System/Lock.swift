internal import Synchronization

/// A value behind a lock: a `Mutex` that the thread sanitizer understands.
///
/// The library that implements `Mutex` is not instrumented, so to the sanitizer everything that one protects looks
/// like a race. `turn` shows it the order. Only the holder of the lock touches it: an ordinary load and store.
struct Lock<Value: ~Copyable>: ~Copyable, Sendable {
  private let mutex: Mutex<Value>
  private let turn = Atomic<UInt>(0)

  init(_ value: consuming sending Value) { mutex = Mutex(value) }

  /// Calls `body` with the value while no other thread has it.
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
