internal import CGnet

/// A lock with a condition to wait for, around some state.
///
/// `Synchronization` has no condition variable; this is the one of POSIX.
// Unchecked, because the only state is touched with the lock held.
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

  /// Calls `body` with the state, alone.
  func withLock<R>(_ body: (inout State) -> R) -> R {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    return body(&state)
  }

  /// Calls `body` with the state, alone, as soon as `predicate` holds of it.
  func withLock<R>(when predicate: (State) -> Bool, _ body: (inout State) -> R) -> R {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    while !predicate(state) { unsafe pthread_cond_wait(condition, lock) }
    return body(&state)
  }

  /// Has one of those that wait look at the state again.
  func signal() { unsafe _ = pthread_cond_signal(condition) }

  /// Has all of those that wait look at the state again.
  func broadcast() { unsafe _ = pthread_cond_broadcast(condition) }
}
