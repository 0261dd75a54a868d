package import Gnet
internal import Synchronization

/// An HTTP server whose `/metrics` reads sockets and answers in Prometheus' format.
///
/// The sockets are read on the loop of the clients, once at a time. The clients that ask meanwhile share the next reading.
package final class PrometheusEndpoint: Sendable {
  /// The most clients that are connected at once.
  private static let clientLimit = 512

  private let paths: [String]
  private let timeout: Duration
  private let report: @Sendable ([Reading]) -> Void
  private let requests = Mutex(Requests())

  /// The requests for `/metrics` that are not answered.
  private struct Requests {
    /// The answers to give after the next reading.
    var waiting: [@Sendable (HTTPResponse) -> Void] = []
    var isReading = false
  }

  /// Creates an endpoint for the sockets at `paths`.
  ///
  /// - Parameters:
  ///   - timeout: the time that reading a socket may take.
  ///   - report: called with every reading, on the loop's thread.
  package init(
    _ paths: [String], timeout: Duration = .seconds(2), report: @escaping @Sendable ([Reading]) -> Void
  ) {
    self.paths = paths
    self.timeout = timeout
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

  /// Reads the sockets on `loop`, and calls `answer` there with the response. The reading begins after this call: its
  /// numbers are no older than the request.
  func read(on loop: EventLoop, _ answer: @escaping @Sendable (HTTPResponse) -> Void) {
    let isReading = requests.withLock { requests in
      requests.waiting.append(answer)
      return requests.isReading
    }
    if !isReading { beginReading(on: loop) }
  }

  /// Begins a reading for the requests that wait, if there are any.
  private func beginReading(on loop: EventLoop) {
    let answers = requests.withLock { requests in
      defer { requests.waiting = [] }
      requests.isReading = !requests.waiting.isEmpty
      return requests.waiting
    }
    if answers.isEmpty { return }
    SnapshotReader(on: loop, timeout: timeout).read(paths) { [self] readings in
      let response = response(to: readings)
      for answer in answers { answer(response) }
      beginReading(on: loop)
    }
  }

  private func response(to readings: [Reading]) -> HTTPResponse {
    // The servers are not down, this one is: Prometheus must not take it for their state.
    if readings.contains(where: \.isInterrupted) { return .plain(.unavailable, "This server is shutting down") }
    report(readings)
    return HTTPResponse(status: .ok, mediaType: PrometheusFormat.mediaType, body: PrometheusFormat.text(readings))
  }
}
