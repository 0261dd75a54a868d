#if canImport(Darwin)
  import Darwin

  /// A thread, as the system names it.
  typealias SystemThread = pthread_t?
  /// A name that stands for no thread.
  let noThread: SystemThread = nil

  /// Waits for a thread's end. Corresponds to `pthread_join(3)`.
  func join(_ thread: SystemThread) { unsafe pthread_join(thread!, nil) }

  /// Leaves a thread to itself. Corresponds to `pthread_detach(3)`.
  func detach(_ thread: SystemThread) { unsafe pthread_detach(thread!) }

  /// Interrupts the system call that a thread is in. Corresponds to `pthread_kill(3)` with `SIGUSR1`.
  func interrupt(_ thread: SystemThread) { unsafe pthread_kill(thread!, SIGUSR1) }

  /// The calling thread, as a number.
  var currentThreadNumber: UInt { unsafe UInt(bitPattern: pthread_self()) }
#else
  #if canImport(Musl)
    import Musl
  #else
    import Glibc
  #endif

  /// A thread, as the system names it.
  typealias SystemThread = pthread_t
  /// A name that stands for no thread.
  let noThread = pthread_t()

  /// Waits for a thread's end. Corresponds to `pthread_join(3)`.
  func join(_ thread: SystemThread) { _ = pthread_join(thread, nil) }

  /// Leaves a thread to itself. Corresponds to `pthread_detach(3)`.
  func detach(_ thread: SystemThread) { _ = pthread_detach(thread) }

  /// Interrupts the system call that a thread is in. Corresponds to `pthread_kill(3)` with `SIGUSR1`.
  func interrupt(_ thread: SystemThread) { _ = pthread_kill(thread, SIGUSR1) }

  /// The calling thread, as a number.
  var currentThreadNumber: UInt { UInt(pthread_self()) }
#endif

// MARK: Threads

/// The work of a thread.
private final class Work {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Starts a thread. Corresponds to `pthread_create(3)`, which must not fail.
func startThread(_ body: @escaping @Sendable () -> Void) -> SystemThread {
  let work = unsafe Unmanaged.passRetained(Work(body))
  var thread = noThread
  let result = unsafe pthread_create(
    &thread, nil,
    { argument in
      // The parameter is optional on some systems, not on others.
      let argument: UnsafeMutableRawPointer? = unsafe argument
      unsafe Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().body()
      return nil
    }, work.toOpaque())
  precondition(result == 0, "pthread_create failed: \(result)")
  return thread
}

/// Makes interruptions of a thread harmless. Corresponds to `signal(2)` for `SIGUSR1`.
func ignoreInterrupts() { _ = signal(SIGUSR1) { _ in } }

/// Lets other threads run. Corresponds to `sched_yield(2)`.
func yieldProcessor() { _ = sched_yield() }

/// Sleeps for a while. Corresponds to `poll(2)` without descriptors.
func sleep(milliseconds: Int32) { _ = poll(nil, 0, milliseconds) }

/// A lock of POSIX.
///
/// Not `Synchronization.Mutex`: its library is not instrumented, so the thread sanitizer takes what it protects for a race.
@safe
final class SystemLock: Sendable {
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

  func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body()
  }
}

// MARK: The environment

/// The process's number. Corresponds to `getpid(2)`.
var processNumber: Int32 { getpid() }

/// Corresponds to `getenv(3)`.
func value(ofVariable name: String) -> String? {
  guard let value = unsafe getenv(name) else { return nil }
  return unsafe String(cString: value)
}

/// Whether a sanitizer's library is loaded. Corresponds to `dlsym(3)`.
func isLoaded(_ symbol: String) -> Bool { unsafe dlsym(nil, symbol) != nil }

// MARK: Files

/// The bytes of a file, from one call of `read` to the next; `nil` when it cannot be opened.
func bytes(ofFile path: String) -> [UInt8]? {
  guard let file = unsafe fopen(path, "r") else { return nil }
  defer { unsafe _ = fclose(file) }
  var bytes: [UInt8] = []
  while case let byte = unsafe fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
  return bytes
}

/// Writes a file, and replaces an existing file. Returns whether all was written.
func write(_ bytes: [UInt8], toFile path: String) -> Bool {
  guard let file = unsafe fopen(path, "w") else { return false }
  let count = unsafe fwrite(bytes, 1, bytes.count, file)
  return unsafe fclose(file) == 0 && count == bytes.count
}

/// Corresponds to `access(2)` with `F_OK`.
func isThere(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

/// Corresponds to `access(2)` with `X_OK`.
func mayExecute(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

/// Corresponds to `unlink(2)`, and to `rmdir(2)` for a folder.
func remove(_ path: String) {
  unsafe _ = unlink(path)
  unsafe _ = rmdir(path)
}

/// The permissions of a file, links followed; `nil` when there is none. Corresponds to `stat(2)`.
func mode(ofFile path: String) -> Int? {
  var status = stat()
  return unsafe stat(path, &status) == 0 ? Int(status.st_mode & 0o777) : nil
}

/// Corresponds to `mkdir(2)`.
func makeFolder(_ path: String) { unsafe _ = mkdir(path, 0o700) }

/// Corresponds to `symlink(2)`.
func makeSymbolicLink(_ path: String, to target: String) { unsafe _ = symlink(target, path) }

/// The working directory. Corresponds to `getcwd(3)` and `chdir(2)`.
var currentFolder: String {
  get {
    guard let path = unsafe getcwd(nil, 0) else { return "" }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }
  set { unsafe _ = chdir(newValue) }
}
