import SystemPackage

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A thread for tests that need real concurrency or real signals.
///
/// Every thread has to be joined, and may be interrupted until then.
struct Thread {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private let id: pthread_t

  init(_ body: @escaping @Sendable () -> Void) {
    let context = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
    #if canImport(Darwin)
      var id: pthread_t!
    #else
      var id = pthread_t()
    #endif
    let code = unsafe pthread_create(
      &id, nil,
      { context in
        let context: UnsafeMutableRawPointer? = unsafe context
        unsafe Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, context)
    precondition(code == 0, "pthread_create: \(Errno(rawValue: code))")
    self.id = id
  }

  func join() {
    pthread_join(id, nil)
  }

  /// Interrupts the system call that the thread is in.
  func interrupt() {
    pthread_kill(id, SIGUSR1)
  }

  /// Makes ``interrupt()`` harmless.
  static func handleInterrupts() {
    _ = signal(SIGUSR1) { _ in }
  }

  /// Lets other threads run.
  static func yield() {
    sched_yield()
  }
}

/// A lock that the thread sanitizer sees. It does not see `Mutex`, whose library is not instrumented.
@safe
final class Lock: Sendable {
  // `nonisolated(unsafe)` because the address is constant, and the memory made for threads to share.
  private nonisolated(unsafe) let mutex: UnsafeMutablePointer<pthread_mutex_t>

  init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  func withLock<Value>(_ body: () -> Value) -> Value {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return body()
  }
}
