internal import CGnet

/// A state with a lock and a condition variable.
///
/// Built on the condition variable of POSIX, because `Synchronization` has none.
// Unchecked, because the state is only used while the lock is held.
@safe
final class Monitor<State>: @unchecked Sendable {
  private var state: State
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  init(_ state: State) {
    self.state = state
    unsafe lock = .allocate(capacity: 1)
    unsafe condition = .allocate(capacity: 1)
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(lock)
    unsafe condition.deallocate()
    unsafe lock.deallocate()
  }

  /// Calls `body` with the state, holding the lock.
  func withLock<R>(_ body: (inout State) -> R) -> R {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    return body(&state)
  }

  /// Waits until `predicate` is true for the state, then calls `body` with the state, holding the lock.
  func withLock<R>(when predicate: (State) -> Bool, _ body: (inout State) -> R) -> R {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    while !predicate(state) { unsafe pthread_cond_wait(condition, lock) }
    return body(&state)
  }

  /// Wakes one waiting thread to check its predicate again.
  func signal() { unsafe _ = pthread_cond_signal(condition) }

  /// Wakes all waiting threads to check their predicates again.
  func broadcast() { unsafe _ = pthread_cond_broadcast(condition) }
}
