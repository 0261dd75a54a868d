internal import CGnet
internal import SystemPackage

/// A system thread. The owner must join or detach it.
///
/// All signals are blocked on the thread: the program's own threads handle signals, and the library's threads are not
/// interrupted.
final class Thread: Sendable {
  private let id: cgnet_thread
  private let isGone = Lock(false)

  /// Starts a thread. Corresponds to `pthread_create(3)`.
  init(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    let entry = unsafe Unmanaged.passRetained(Entry(name: name, body: body))
    var id = cgnet_thread()
    let result = unsafe cgnet_start_thread(&id, { unsafe Entry.run($0!) }, entry.toOpaque())
    self.id = id
    if result < 0 {
      unsafe entry.release()
      throw Errno(rawValue: -result)
    }
  }

  /// Waits for the thread's end. May be called by any number of threads. Corresponds to `pthread_join(3)`.
  func join() { leave { cgnet_join_thread(id) } }

  /// Lets the thread end by itself. Does nothing after `join()`. Corresponds to `pthread_detach(3)`.
  func detach() { leave { cgnet_detach_thread(id) } }

  /// Whether this thread is the calling thread.
  var isCurrent: Bool { cgnet_is_current_thread(id) }

  private func leave(_ how: () -> Void) {
    isGone.withLock { isGone in
      if isGone { return }
      how()
      isGone = true
    }
  }

  private final class Entry {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }

    static func run(_ entry: UnsafeMutableRawPointer) {
      let entry = unsafe Unmanaged<Entry>.fromOpaque(entry).takeRetainedValue()
      unsafe cgnet_set_thread_name(entry.name)
      entry.body()
    }
  }
}
