internal import Gnet
internal import Logging
internal import Poller
internal import RingBuffer
internal import Synchronization
internal import SystemPackage

/// The metrics socket of a running server: a second server with one loop, which sends every client a snapshot and the
/// end of the stream.
final class MetricsEndpoint: Sendable {
  /// The time that a client has to receive a snapshot that does not fit into the kernel's buffer.
  private static let patience = Duration.seconds(10)
  /// The same time once the server ends.
  private static let patienceAtShutdown = Duration.milliseconds(250)

  private let watched: Server
  private let source: SnapshotSource
  private let running: Mutex<RunningServer?>
  private let endReport: EndReport

  /// Binds the socket and serves snapshots of `server`, made of the reports in `table`.
  init(
    for server: Server, publishing table: RecorderTable, at path: String, permissions: FilePermissions,
    stallLimit: Duration, logger: Logger
  ) throws(ServeError) {
    watched = server
    endReport = EndReport(path, logger)
    let source = SnapshotSource(server, table)
    self.source = source
    let listener = Listener("unix://\(path)", Service { _ in SnapshotSender(source: source) })
    var options = Options()
    options.loopCount = 1
    options.plugins = [endReport]
    options.unixSocketPermissions = permissions
    options.readBufferCapacity = 16384
    options.idleTimeout = Self.patience
    options.drainTimeout = Self.patienceAtShutdown
    options.logger = logger
    do throws(ServeError) {
      let running = try start([listener], options: options)
      Self.watch(server, table, stallLimit, on: running.server.loops[0], logger)
      self.running = Mutex(running)
    } catch .system(let operation, let address, let error) {
      throw .system(operation: "metrics socket: \(operation)", address: address, error)
    }
  }

  /// Whether this is the endpoint for `server`.
  func isFor(_ server: Server) -> Bool { watched === server }

  /// The server of the socket; `nil` once it was stopped.
  var server: Server? {
    running.withLock { running -> Server? in
      switch running {
      case .some(let running): running.server
      case nil: nil
      }
    }
  }

  /// The health of the watched server.
  var health: ServerHealth { source.current().health() }

  /// Closes the socket and removes its file.
  func stop() {
    endReport.expectEnd()
    // Dropped outside the lock: that waits for the server's end.
    _ = running.withLock { $0.take() }
  }
}

extension MetricsEndpoint {
  /// Logs once when a loop of the watched server has become stuck.
  private static func watch(
    _ server: Server, _ table: RecorderTable, _ limit: Duration, on loop: EventLoop, _ logger: Logger
  ) {
    loop.every(limit / 4) {
      // A shutdown has no ticks.
      if server.isShuttingDown { return }
      for index in table.countStalls(at: .now, limit: limit) {
        logger.warning("gnet-loop-\(index) has been stuck in a callback for more than \(limit)")
      }
    }.keep()
  }
}

/// The connection of a client of the socket.
private struct SnapshotSender: ConnectionHandler {
  let source: SnapshotSource

  mutating func opened(_ connection: inout Connection) -> Action {
    connection.write(source.next())
    return .close
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
}

/// Reports to the log when the socket's server has ended although nobody stopped it.
private final class EndReport: Plugin {
  private let path: String
  private let logger: Logger
  private let isExpected = Atomic(false)

  init(_ path: String, _ logger: Logger) {
    self.path = path
    self.logger = logger
  }

  /// Makes the end of the server nothing to report.
  func expectEnd() { isExpected.store(true, ordering: .releasing) }

  func stopped(_ server: Server) {
    if isExpected.load(ordering: .acquiring) { return }
    logger.error("the metrics socket \(path) is served no longer, and the server goes on without")
  }
}

/// Makes the snapshots of one server.
private final class SnapshotSource: Sendable {
  private let server: Server
  private let table: RecorderTable
  /// The fields that are the same in all snapshots.
  private let template: MetricsSnapshot
  private let count = Atomic<UInt64>(0)

  init(_ server: Server, _ table: RecorderTable) {
    self.server = server
    self.table = table
    var template = MetricsSnapshot()
    template.processID = Platform.processID
    template.hostName = Platform.hostName
    template.serverStartTime = Platform.wallTime
    template.packageVersion = GnetMetricsPackage.version
    template.backend = "\(Poller.backend)"
    template.addresses = server.addresses.map(\.description)
    self.template = template
  }

  /// The next snapshot, encoded.
  func next() -> [UInt8] {
    var snapshot = current()
    snapshot.sequenceNumber = count.add(1, ordering: .relaxed).newValue
    return snapshot.encoded()
  }

  /// A snapshot of this moment, without a number.
  func current() -> MetricsSnapshot {
    var snapshot = template
    snapshot.loops = table.reports.enumerated().map { MetricsSnapshot.LoopCounters(index: $0, $1) }
    for index in snapshot.loops.indices { snapshot.loops[index].namedCounts = server.loops[index].counts }
    let isDraining = server.isShuttingDown
    snapshot.state = isDraining ? .draining : table.haveAllBegun ? .serving : .starting
    for (index, stall) in table.stalls(at: .now).enumerated() {
      snapshot.loops[index].stalls = stall.count
      // A shutdown has no ticks.
      snapshot.loops[index].turnAge = isDraining ? 0 : stall.age
    }
    snapshot.snapshotTime = Platform.wallTime
    return snapshot
  }
}
