package import Gnet
internal import RingBuffer
internal import Synchronization

/// An HTTP server whose `/metrics` reads sockets and answers in Prometheus' format.
///
/// Workers read the sockets on threads of their own: a socket that hangs keeps no other client waiting.
package final class PrometheusEndpoint: Sendable {
  /// The number of clients that are answered at once, and the number of those that wait. More are refused.
  private static let (workerCount, queueLength) = (4, 64)
  /// The most bytes of unread input while a client is being answered; more close the connection.
  private static let inputLimit = 4 * HTTPRequest.lengthLimit
  /// The most bytes of unsent output at which a client is still answered.
  private static let outputLimit = 1 << 20

  private let paths: [String]
  private let reader: SnapshotReader
  private let report: @Sendable ([Reading]) -> Void
  private let clients = ClientList(limit: 512)
  private let workers = WorkerPool(threadCount: workerCount, queueCapacity: queueLength)

  /// Creates an endpoint for the sockets at `paths`.
  ///
  /// - Parameters:
  ///   - reader: reads the sockets.
  ///   - report: called with every reading, on a worker's thread.
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

  /// Ends the workers. Called once the server has ended.
  package func stop() { workers.shutdown() }

  /// The request in progress on a connection.
  ///
  /// A worker stores its answer here and the loop sends it. Written through the connection's handle, the answer might
  /// come behind the answer to a later request, which the loop sends at once.
  final class Exchange: @unchecked Sendable {
    enum Stage: Int, AtomicRepresentable {
      /// No worker has a request: the loop may parse the next one.
      case idle
      /// A worker has a request and owns `answer`.
      case underWay
      /// The answer is complete, and the loop owns `answer`.
      case answered
    }

    let stage = Atomic(Stage.idle)
    /// The bytes of the answer. Their owner is the loop or a worker, by `stage`.
    var answer: [UInt8] = []
    /// Whether the connection closes behind the answer. Owned by the loop.
    var isLast = false
    /// The time of the last whole request, or of the connection's start. Owned by the loop.
    var activeAt = ContinuousClock.now
    let handle: ConnectionHandle

    init(_ handle: ConnectionHandle) { self.handle = handle }
  }

  /// Answers the requests that have arrived, up to the first that needs a worker.
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
      // A client that keeps asking and does not read the answers gets no more of them.
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

  /// Submits a request to a worker, which reads the sockets and answers.
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
