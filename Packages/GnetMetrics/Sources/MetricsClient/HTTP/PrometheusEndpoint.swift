package import Gnet

/// An HTTP server whose `/metrics` reads sockets and answers in Prometheus' format.
///
/// Workers read the sockets on threads of their own: a socket that hangs keeps no other client waiting.
package final class PrometheusEndpoint: Sendable {
  /// The number of clients that are answered at once, and the number of those that wait. More are refused.
  private static let (workerCount, queueLength) = (4, 64)
  /// The most clients that are connected at once.
  private static let clientLimit = 512

  private let paths: [String]
  private let reader: SnapshotReader
  private let report: @Sendable ([Reading]) -> Void
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

  /// The protocol, as Gnet serves it.
  package var service: Service {
    Service(perLoop: { _ in ClientList(limit: Self.clientLimit) }) { connection, clients in
      HTTPSession(on: self, among: clients, connection.handle)
    }
  }

  /// The options of the server.
  package static var options: Options {
    var options = Options()
    options.loopCount = 1
    options.idleTimeout = .seconds(90)
    options.drainTimeout = .seconds(1)
    return options
  }

  /// Ends the workers. Called once the server has ended.
  package func stop() { workers.shutdown() }

  /// The answer to a request that needs no reading; `nil` for `/metrics`.
  func immediateResponse(to request: HTTPRequest) -> HTTPResponse? {
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

  /// Has a worker read the sockets, which then calls `answer`. A refusal is answered on this thread.
  func read(_ answer: @escaping @Sendable (HTTPResponse) -> Void) {
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
}
