package import Gnet
internal import Synchronization

/// Reads sockets again and again on an event loop, for another thread. The loop ends it.
package final class RepeatedReading: Sendable {
  private let paths: [String]
  private let interval: Duration
  private let loop: EventLoop
  private let notify: @Sendable () -> Void
  private let latest = Mutex<[Reading]?>(nil)

  /// Begins to read.
  ///
  /// - Parameters:
  ///   - paths: the sockets, at least one.
  ///   - interval: the time from the end of a reading to the next one.
  ///   - loop: the loop of the connections.
  ///   - notify: called when there are new readings, on the loop's thread.
  package init(
    of paths: [String], every interval: Duration, on loop: EventLoop, notify: @escaping @Sendable () -> Void
  ) {
    self.paths = paths
    self.interval = interval
    self.loop = loop
    self.notify = notify
    read()
  }

  private func read() {
    SnapshotReader(on: loop).read(paths) { [self] readings in
      latest.withLock { $0 = readings }
      notify()
      loop.schedule(after: interval) { [self] in read() }.keep()
    }
  }

  /// Takes the latest readings; `nil` if there are none since the last call.
  package func take() -> [Reading]? { latest.withLock { $0.take() } }
}
