import Gnet
import Synchronization

/// Wakes a connection once, after a delay. A task sleeps meanwhile, and no thread waits.
final class Alarm {
  /// Set on the task's thread, read on the connection's.
  private final class Bell: Sendable {
    let hasRung = Atomic(false)
  }

  private let bell: Bell
  private let task: Task<Void, any Error>

  init(after delay: Duration, waking handle: ConnectionHandle) {
    let bell = Bell()
    self.bell = bell
    task = Task {
      try await Task.sleep(for: delay, tolerance: .zero)
      bell.hasRung.store(true, ordering: .releasing)
      handle.wake()
    }
  }

  /// A connection that has ended keeps no task.
  deinit { task.cancel() }

  var hasRung: Bool { bell.hasRung.load(ordering: .acquiring) }
}
