package import Gnet
internal import RingBuffer
internal import Synchronization

/// An HTTP server whose `/metrics` reads sockets and answers in Prometheus' format.
///
/// Sockets are read by a worker's thread, so that one that hangs keeps no other client waiting.
package final class PrometheusEndpoint: Sendable {
  /// How many clients are answered at once, and how many may wait for it; more are told to come again.
  private static let (workerCount, queueLength) = (4, 64)
  /// How much a client may send ahead while it is being answered.
  private static let inputLimit = 4 * HTTPRequest.lengthLimit
  /// How much a client may leave untaken and still be answered.
  private static let outputLimit = 1 << 20

  private let paths: [String]
  private let reader: SnapshotReader
  private let report: @Sendable ([Reading]) -> Void
  private let clients = ClientList(limit: 512)
  private let workers = WorkerPool(threadCount: workerCount, queueCapacity: queueLength)

  /// An endpoint for the sockets at `paths`.
  ///
  /// - Parameter report: is handed every reading, on a worker's thread.
  package init(_ paths: [String], reader: SnapshotReader, report: @escaping @Sendable ([Reading]) -> Void) {
    self.paths = paths
    self.reader = reader
    self.report = report
  }

  /// The callbacks of the server.
  package var events: Events {
    var events = Events()
    events.onOpened = { [clients] connection in
      let exchange = Exchange(connection.handle)
      connection.context = exchange
      clients.add(exchange)
      return .none
    }
    events.onClosed = { [clients] connection, _ in
      if let exchange = connection.context as? Exchange { clients.remove(exchange) }
      return .none
    }
    events.react = { [self] connection, input in
      guard let exchange = connection.context as? Exchange else { return .close }
      return serve(&connection, &input, exchange)
    }
    return events
  }

  /// The options of the server.
  package static var options: Options {
    var options = Options()
    options.idleTimeout = .seconds(90)
    options.drainTimeout = .seconds(1)
    return options
  }

  /// Ends the workers; to be called when the server has ended.
  package func stop() { workers.shutdown() }

  /// What is under way on a connection.
  ///
  /// A worker leaves its answer here and the loop sends it: sent by the connection's handle, it might come
  /// behind the answer to a later request that the loop had at once.
  final class Exchange: @unchecked Sendable {
    enum Stage: Int, AtomicRepresentable {
      /// No worker has a request: the next one may be looked at.
      case idle
      /// A worker has one, and `answer` is the worker's.
      case underWay
      /// `answer` is there for the loop.
      case answered
    }

    let stage = Atomic(Stage.idle)
    /// Belongs to whom `stage` says.
    var answer: [UInt8] = []
    /// Whether the connection ends with the answer; the loop's.
    var isLast = false
    /// When the last whole request came, or the connection; the loop's.
    var activeAt = ContinuousClock.now
    let handle: ConnectionHandle

    init(_ handle: ConnectionHandle) { self.handle = handle }
  }

  /// Answers the requests that have arrived, up to one that a worker has to answer.
  private func serve(_ connection: inout Connection, _ input: inout RingBuffer, _ exchange: Exchange) -> Action {
    while true {
      switch exchange.stage.load(ordering: .acquiring) {
      case .underWay: return input.count > Self.inputLimit ? .close : .none
      case .answered:
        connection.write(exchange.answer)
        exchange.answer = []
        exchange.stage.store(.idle, ordering: .relaxed)
        if exchange.isLast { return .close }
      case .idle: break
      }
      // One that asks on and does not take the answers gets those that it has coming, and no more.
      if connection.pendingWriteCount > Self.outputLimit { return .close }
      switch HTTPRequest.parse(Self.copy(of: input)) {
      case .incomplete:
        return .none
      case .refused(let status):
        input.removeAll()
        connection.write(HTTPResponse.plain(status).bytes(keepsAlive: false))
        return .close
      case .request(let request, let byteCount):
        input.discard(byteCount)
        exchange.activeAt = .now
        if let response = immediateResponse(to: request) {
          connection.write(response.bytes(keepsAlive: request.keepsAlive, isHead: request.method == "HEAD"))
          if !request.keepsAlive { return .close }
        } else {
          read(for: request, exchange)
        }
      }
    }
  }

  private func immediateResponse(to request: HTTPRequest) -> HTTPResponse? {
    guard request.method == "GET" || request.method == "HEAD" else {
      var response = HTTPResponse.plain(.methodNotAllowed)
      response.fields = [("Allow", "GET, HEAD")]
      return response
    }
    switch request.path {
    case "/metrics": return nil
    case "/": return .plain(.ok, "gnet-metrics: what Prometheus reads is at /metrics")
    default: return .plain(.notFound, "There is nothing here; what Prometheus reads is at /metrics")
    }
  }

  /// Has a worker read the sockets and answer.
  private func read(for request: HTTPRequest, _ exchange: Exchange) {
    exchange.isLast = !request.keepsAlive
    exchange.stage.store(.underWay, ordering: .relaxed)
    let answer: @Sendable (HTTPResponse) -> Void = { response in
      exchange.answer = response.bytes(keepsAlive: request.keepsAlive, isHead: request.method == "HEAD")
      exchange.stage.store(.answered, ordering: .releasing)
      exchange.handle.wake()
    }
    let isTaken = workers.submit { [self] in
      let readings = reader.read(paths)
      report(readings)
      answer(
        HTTPResponse(status: .ok, mediaType: PrometheusFormat.mediaType, body: PrometheusFormat.text(readings)))
    }
    if !isTaken {
      var response = HTTPResponse.plain(.unavailable, "Too many clients at once; try again")
      response.fields = [("Retry-After", "1")]
      answer(response)
    }
  }

  private static func copy(of input: borrowing RingBuffer) -> [UInt8] {
    let segments = input.readable(prefix: min(input.count, HTTPRequest.lengthLimit))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(segments.byteCount)
    unsafe segments.first.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    unsafe segments.second.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    return bytes
  }
}
