internal import Poller
internal import Synchronization

/// A plugin that tells the service manager that the server is alive, as long as every loop turns (`WATCHDOG=1`; sd_notify(3)).
///
/// A loop that is stuck in a callback for half of the manager's interval keeps the message from being sent, and the manager ends
/// the process. The plugin goes on during a shutdown. Without an interval it does nothing.
///
/// ```swift
/// var options = Options()
/// options.plugins.append(ServiceWatchdog())
/// ```
public final class ServiceWatchdog: Plugin {
  private let interval: Duration?
  private let report: @Sendable () -> Void

  /// Creates the plugin.
  ///
  /// - Parameter interval: the time within which the manager wants to hear of the service.
  public convenience init(interval: Duration? = ServiceManager.watchdogInterval) {
    self.init(interval: interval) { ServiceManager.notify(.alive) }
  }

  init(interval: Duration?, report: @escaping @Sendable () -> Void) {
    precondition(interval ?? .seconds(1) > .zero, "ServiceWatchdog: the interval must be longer than nothing")
    self.interval = interval
    self.report = report
  }

  /// Has every loop show signs of life.
  public func started(_ server: Server) {
    guard let interval else { return }
    let beats = server.loops.map { _ in Beat() }
    for loop in server.loops {
      loop.every(interval / 4) { [report] in
        beats[loop.index].note()
        // Loop 0 speaks for all: when it is stuck, nobody does.
        guard loop.index == 0 else { return }
        if zip(server.loops, beats).allSatisfy({ $0.hasEnded || $1.isRecent(interval / 2) }) { report() }
      }.keep()
    }
  }
}

/// The time of a loop's last sign of life.
private final class Beat: Sendable {
  private let time = Atomic(Poller.Instant.now.nanoseconds)

  func note() { time.store(Poller.Instant.now.nanoseconds, ordering: .relaxed) }

  func isRecent(_ limit: Duration) -> Bool {
    Poller.Instant(nanoseconds: time.load(ordering: .relaxed)) + limit > .now
  }
}
