public import Gnet
public import Logging
public import SystemPackage
internal import Synchronization

/// A plugin that serves a server's counters on a unix socket: every client receives one serialized
/// `gnet.metrics.v1.Snapshot` and the end of the stream.
///
/// ```swift
/// var events = Events()
/// events.install(MetricsExporter(socketPath: "/run/echo.metrics"))
/// try serve(events, on: "tcp://:9000")
/// ```
///
/// Each loop counts on its own thread and publishes its counters once per interval. The socket is served by a loop of its
/// own, which no snapshot shows. Clients of the socket never make a loop of the server wait.
///
/// The socket of a server that has died is replaced. If a live server uses the path, or another kind of file is there,
/// `serve` throws a `ServeError` before anything is served. If the socket fails later, the server goes on, and the log
/// says so once. If another program removes the socket's file, the path is bound again, and the log says so. An exporter is for one server at a time.
@safe
public final class MetricsExporter: Plugin {
  /// The path of the socket.
  public let socketPath: String
  /// The time between two publications of a loop's counters.
  public let interval: Duration
  /// The time for which a loop may be stuck in a callback before that is counted and logged.
  public let stallLimit: Duration
  /// The permissions of the socket's file.
  public let permissions: FilePermissions

  private let logger: Logger
  private let state = Mutex(State())
  // Written while no loop runs, on the thread that starts and joins them. `state` keeps the memory behind it.
  private nonisolated(unsafe) var recorders: UnsafeMutablePointer<LoopRecorder>?

  private struct State {
    var table: RecorderTable?
    var endpoint: MetricsEndpoint?
  }

  /// Creates the plugin. The socket is bound when the server starts.
  ///
  /// - Parameters:
  ///   - socketPath: the path of the socket, at most 107 bytes (103 on macOS).
  ///   - interval: the time between two publications of a loop's counters, more than zero. Each wakes the loop.
  ///   - stallLimit: the time for which a loop may be stuck in a callback before that is counted and logged, more than zero.
  ///   - permissions: the permissions of the socket's file; by default only its owner can connect.
  ///   - logger: receives the errors of the socket while the server runs, and the loops that are stuck.
  public init(
    socketPath: String, interval: Duration = .milliseconds(100), stallLimit: Duration = .seconds(1),
    permissions: FilePermissions = .ownerReadWrite, logger: Logger = Logger(label: "gnet.metrics")
  ) {
    precondition(interval > .zero, "MetricsExporter: interval must be more than zero")
    precondition(stallLimit > .zero, "MetricsExporter: stallLimit must be more than zero")
    self.socketPath = socketPath
    self.interval = interval
    self.stallLimit = stallLimit
    self.permissions = permissions
    self.logger = logger
  }

  /// The health of the server, for a program that answers probes itself. A server that has ended is draining.
  public var health: ServerHealth {
    let state = state.withLock { $0 }
    if state.table == nil { return .starting }
    return state.endpoint?.health ?? .draining
  }

  /// Binds the socket and starts to serve it. If that fails, `serve` throws the error.
  public func started(_ server: Server) {
    do throws(ServeError) {
      let table = RecorderTable(count: server.loopCount)
      let endpoint = try MetricsEndpoint(
        for: server, publishing: table, at: socketPath, permissions: permissions, stallLimit: stallLimit, logger: logger
      )
      state.withLock { $0 = State(table: table, endpoint: endpoint) }
      unsafe recorders = table.recorders
    } catch {
      server.shutdown(throwing: error)
    }
  }

  /// Publishes the loop's counters.
  public func tick(_ loop: EventLoop) -> Duration? {
    guard let recorders = unsafe recorders else { return nil }
    return unsafe recorders[loop.index].tick(loop, every: interval, stallLimit: stallLimit)
  }

  /// Counts a write by its size.
  public func preWrite(_ connection: inout Connection, byteCount: Int) {
    guard let recorders = unsafe recorders else { return }
    unsafe recorders[connection.loopIndex].recordWrite(byteCount)
  }

  /// The server of the socket, which goes along when the server is handed over to a successor.
  public var companion: Server? { state.withLock { $0.endpoint }?.server }

  /// Leaves the socket to the successor.
  public func handedOver(_ server: Server) { stopEndpoint(of: server) }

  /// Closes the socket and removes its file.
  public func stopped(_ server: Server) { stopEndpoint(of: server) }

  private func stopEndpoint(of server: Server) {
    // The table stays until the next server starts.
    let endpoint = state.withLock { state -> MetricsEndpoint? in
      guard let endpoint = state.endpoint, endpoint.isFor(server) else { return nil }
      state.endpoint = nil
      return endpoint
    }
    endpoint?.stop()
  }
}
