internal import CGnet
internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// A system thread that is joined before it is forgotten.
///
/// It runs with every signal blocked that can be: a program's signals are handled on its own threads,
/// and the library's threads are not interrupted.
final class Thread {
  private let id: pthread_t

  /// Starts a thread. Corresponds to `pthread_create(3)`.
  init(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    if isFailing(.createThread) { throw Errno(rawValue: errno) }
    let entry = unsafe Unmanaged.passRetained(Entry(name: name, body: body)).toOpaque()
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    #if canImport(Darwin)
      var id: pthread_t?
      let result = unsafe pthread_create(&id, nil, { unsafe Entry.run($0) }, entry)
      let created = unsafe id
    #else
      var id = pthread_t()
      let result = unsafe pthread_create(&id, nil, { unsafe Entry.run($0!) }, entry)
      let created: pthread_t? = id
    #endif
    guard result == 0, let created = created else {
      unsafe Unmanaged<Entry>.fromOpaque(entry).release()
      throw Errno(rawValue: result)
    }
    self.id = created
  }

  /// Waits for the thread's end. Corresponds to `pthread_join(3)`.
  func join() {
    pthread_join(id, nil)
  }

  private final class Entry {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }

    static func run(_ entry: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
      let entry = unsafe Unmanaged<Entry>.fromOpaque(entry).takeRetainedValue()
      unsafe cgnet_set_thread_name(entry.name)
      entry.body()
      return nil
    }
  }
}
