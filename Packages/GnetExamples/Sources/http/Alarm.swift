import Gnet
import Synchronization

/// Wakes a connection once, at a time to come: a sleeping task, so no thread waits.
final class Alarm {
  /// Set on the task's thread, looked at on the connection's.
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

  /// Nothing is kept for a connection that has gone.
  deinit { task.cancel() }

  var hasRung: Bool { bell.hasRung.load(ordering: .acquiring) }
}
