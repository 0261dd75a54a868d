internal import CGnet
internal import SystemPackage

/// A system thread, to be joined or detached.
///
/// It runs with every signal blocked that can be: a program's signals are handled on its own threads, and the
/// library's threads are not interrupted.
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

  /// Waits for the thread's end; any number of threads may. Corresponds to `pthread_join(3)`.
  func join() { leave { cgnet_join_thread(id) } }

  /// Leaves the thread to itself, unless it was joined. Corresponds to `pthread_detach(3)`.
  func detach() { leave { cgnet_detach_thread(id) } }

  /// Whether the caller runs on this thread.
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
