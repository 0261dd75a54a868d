internal import CGnet
internal import Synchronization
internal import SystemPackage

/// A system thread. The owner must join or detach it.
///
/// Signals that are sent to the process are blocked on the thread: the program's own threads handle them, and the
/// library's threads are not interrupted. Signals of a thread's own instructions, such as `SIGSEGV`, are not blocked.
final class Thread: Sendable {
  private let id: cgnet_thread
  private let entry: Entry
  private let isGone = Lock(false)

  /// Starts a thread. Corresponds to `pthread_create(3)`.
  init(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    entry = Entry(name: name, body: body)
    let retained = unsafe Unmanaged.passRetained(entry)
    var id = cgnet_thread()
    let result = unsafe cgnet_start_thread(&id, { unsafe Entry.run($0!) }, retained.toOpaque())
    self.id = id
    if result < 0 {
      unsafe retained.release()
      throw Errno(rawValue: -result)
    }
  }

  /// Waits for the thread's end. May be called by any number of threads. Corresponds to `pthread_join(3)`.
  func join() {
    assert(!isCurrent, "a thread waits for itself")
    leave { cgnet_join_thread(id) }
  }

  /// Lets the thread end by itself. Does nothing after `join()`. Corresponds to `pthread_detach(3)`.
  func detach() { leave { cgnet_detach_thread(id) } }

  /// Whether this thread is the calling thread.
  // A thread that began later may have the id of one that has ended.
  var isCurrent: Bool { !entry.hasEnded && cgnet_is_current_thread(id) }

  private func leave(_ how: () -> Void) {
    isGone.withLock { isGone in
      if isGone { return }
      how()
      isGone = true
    }
  }

  private final class Entry: Sendable {
    private let name: String
    private let body: Lock<(@Sendable () -> Void)?>
    private let end = Atomic<Bool>(false)

    /// Whether the body has returned.
    var hasEnded: Bool { end.load(ordering: .relaxed) }

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = Lock(body)
    }

    static func run(_ entry: UnsafeMutableRawPointer) {
      let entry = unsafe Unmanaged<Entry>.fromOpaque(entry).takeRetainedValue()
      unsafe cgnet_set_thread_name(entry.name)
      // Released with all that it holds when it has returned, however long somebody keeps the thread.
      entry.body.withLock { $0.take() }?()
      entry.end.store(true, ordering: .relaxed)
    }
  }
}
