internal import Synchronization

/// The knowledge of a client whether one of the keys that it watches has changed.
///
/// Marked with the lock of the key's shard held, and read for good with the locks of all watched keys held.
final class Watcher: Sendable {
  private let mark = Atomic(false)

  var hasSeenChange: Bool { mark.load(ordering: .relaxed) }

  func noteChange() { mark.store(true, ordering: .relaxed) }
}
