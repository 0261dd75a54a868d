public import Gnet
import InMemoryLogging
import Logging
import Synchronization
import SystemPackage
public import TestPeers
import TestSupport
import Testing

@testable import GnetMetrics

extension SocketAddress: @retroactive PeerAddress {}

/// An echo server with a metrics socket.
final class TestServer: Sendable {
  let metrics: String
  let server: Server
  private let running: Mutex<RunningServer?>

  /// Starts it, with a fresh socket path and ticks every 10 ms unless something else is wanted.
  init(
    metrics: String = Files.temporaryPath(), loops: Int = 1, on addresses: [String] = ["tcp://127.0.0.1:0"],
    permissions: FilePermissions = .ownerReadWrite, stallLimit: Duration = .seconds(1),
    logger: Logger = InMemoryLogHandler().logger, plugins: [any Plugin] = [], events: Events = .echo
  ) throws {
    self.metrics = metrics
    var events = events
    events.install(
      MetricsExporter(
        socketPath: metrics, interval: .milliseconds(10), stallLimit: stallLimit, permissions: permissions,
        logger: logger))
    for plugin in plugins { events.install(plugin) }
    var options = Options()
    options.loopCount = loops
    let isServing = Atomic(false)
    events.onInitComplete = { _ in
      isServing.store(true, ordering: .relaxed)
      return .none
    }
    let running = try start(events, options: options, on: addresses)
    // A plugin that cannot do its work ends the server before anything is served.
    if !isServing.load(ordering: .relaxed) { try running.wait() }
    server = running.server
    self.running = Mutex(running)
  }

  var addresses: [SocketAddress] { server.addresses }

  /// Ends the server, which must have been running still.
  func stop() {
    guard let running = running.withLock({ $0.take() }) else { return }
    running.shutdown()
    do { try running.wait() } catch { Issue.record("the server ended by itself: \(error)") }
  }

  /// A snapshot, which must come.
  func snapshot() throws -> MetricsSnapshot { try MetricsSnapshot(from: metrics) }

  /// A snapshot of which `condition` holds, as soon as there is one.
  func snapshot(where what: String, _ condition: (MetricsSnapshot) -> Bool) throws -> MetricsSnapshot {
    var snapshot = try snapshot()
    try require(what) {
      snapshot = try self.snapshot()
      return condition(snapshot)
    }
    return snapshot
  }
}

/// Serves for the length of `body`.
func withServer(_ server: TestServer, _ body: (TestServer) throws -> Void) throws {
  defer { server.stop() }
  try body(server)
}

/// A port of TCP that nobody uses.
func freePort() throws -> Int {
  let server = try TestServer()
  defer { server.stop() }
  return server.addresses[0].port!
}

extension Events {
  /// Sends everything back.
  static var echo: Events {
    var events = Events()
    events.react = { connection, input in
      connection.write(moving: &input)
      return .none
    }
    return events
  }
}

extension MetricsSnapshot {
  /// Receives a snapshot from a metrics socket.
  init(from path: String) throws { try self.init(decoding: Client(path: path).receiveToEnd()) }

  /// The sum of a counter over all loops.
  func total(_ counter: (LoopStatistics) -> UInt64) -> UInt64 { loops.reduce(0) { $0 + counter($1.statistics) } }
}

extension InMemoryLogHandler {
  /// A logger that writes here.
  var logger: Logger { Logger(label: "test") { _ in self } }

  /// The messages so far.
  var messages: [String] { entries.map { "\($0.message)" } }
}
