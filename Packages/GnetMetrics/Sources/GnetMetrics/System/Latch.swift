#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// A value that one thread waits for and another provides, once.
@safe
final class Latch<Value: Sendable>: @unchecked Sendable {
  // Unchecked: `value` is touched only with the lock held.
  private var value: Value?
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  init() {
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

  /// Provides the value, unless there is one already.
  ///
  /// - Returns: whether this call provided it.
  @discardableResult
  func set(_ value: Value) -> Bool {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    guard self.value == nil else { return false }
    self.value = value
    unsafe pthread_cond_broadcast(condition)
    return true
  }

  /// Waits for the value.
  func wait() -> Value {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    while true {
      if let value { return value }
      unsafe pthread_cond_wait(condition, lock)
    }
  }
}
