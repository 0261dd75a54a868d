internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// A system thread that must be joined. Signals are blocked on it: a program's signals are handled on its own threads.
@safe
struct Thread: @unchecked Sendable {
  // Unchecked: a thread's identifier, which macOS spells as a pointer, is good on every thread.
  #if canImport(Darwin)
    private let id: pthread_t
  #else
    private let id: UInt
  #endif

  /// Starts a thread. Corresponds to `pthread_create(3)`.
  init(_ body: @escaping @Sendable () -> Void) throws(Errno) {
    let entry = unsafe Unmanaged.passRetained(Entry(body))
    var (all, before) = (sigset_t(), sigset_t())
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    #if canImport(Darwin)
      var created: pthread_t?
      let result = unsafe pthread_create(&created, nil, { unsafe Entry.run($0) }, entry.toOpaque())
    #else
      var created = pthread_t()
      let result = unsafe pthread_create(&created, nil, { unsafe Entry.run($0!) }, entry.toOpaque())
    #endif
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    if result != 0 {
      unsafe entry.release()
      throw Errno(rawValue: result)
    }
    #if canImport(Darwin)
      unsafe id = created!
    #else
      id = UInt(created)
    #endif
  }

  /// Waits for the thread's end; to be called once. Corresponds to `pthread_join(3)`.
  func join() {
    #if canImport(Darwin)
      unsafe _ = pthread_join(id, nil)
    #else
      _ = pthread_join(pthread_t(id), nil)
    #endif
  }

  private final class Entry {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    static func run(_ entry: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
      unsafe Unmanaged<Entry>.fromOpaque(entry).takeRetainedValue().body()
      return nil
    }
  }
}
