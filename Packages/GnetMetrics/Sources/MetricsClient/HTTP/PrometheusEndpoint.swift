package import Gnet
internal import GnetHTTP
internal import Synchronization

/// An HTTP server whose `/metrics` reads sockets and answers in Prometheus' format. Its `/` is a page for people, and probes are
/// answered from the same readings.
///
/// The sockets are read on the loop of the clients, once at a time. The clients that ask meanwhile share the next reading.
package final class PrometheusEndpoint: Sendable {
  /// The most clients that are connected at once.
  private static let clientLimit = 512

  private let paths: [String]
  private let timeout: Duration
  private let requestTimeout: Duration
  private let report: @Sendable ([Reading]) -> Void
  /// The events for viewers of the page.
  let feed: LiveFeed
  private let requests = Mutex(Requests())

  /// The answer to a request, made of a reading.
  private typealias Answer = @Sendable ([Reading]) -> Response

  /// The requests that wait for a reading.
  private struct Requests {
    /// The requests to answer after the next reading.
    var waiting: [(request: PendingResponse, answer: Answer)] = []
    var isReading = false
  }

  /// Creates an endpoint for the sockets at `paths`.
  ///
  /// - Parameters:
  ///   - timeout: the time that reading a socket may take.
  ///   - interval: the time between two readings of a socket for viewers of the page.
  ///   - requestTimeout: the time that a request may take to arrive.
  ///   - report: called with every reading, on the loop's thread.
  package init(
    _ paths: [String], timeout: Duration = .seconds(2), interval: Duration = .seconds(1),
    requestTimeout: Duration = .seconds(10), report: @escaping @Sendable ([Reading]) -> Void
  ) {
    self.paths = paths
    self.timeout = timeout
    self.requestTimeout = requestTimeout
    self.report = report
    feed = LiveFeed(paths, every: interval, timeout: timeout, report: report)
  }

  /// The protocol, as Gnet serves it.
  package var service: Service {
    var options = HTTPOptions()
    // No resource here takes a body.
    options.limits.body = 0
    options.requestTimeout = requestTimeout
    options.connectionLimit = Self.clientLimit
    return .http(options: options, router)
  }

  /// The resources.
  private var router: Router {
    var router = Router()
    router.get("/") { _ in Page.response() }
    router.get("/events") { [feed] request in feed.response(on: request.loop) }
    func get(_ path: String, _ answer: @escaping Answer) {
      router.get(path) { [self] request in
        let loop = request.loop
        return .later { [self] pending in read(on: loop, for: pending, answer) }
      }
    }
    get("/metrics") { Response(PrometheusFormat.text($0), type: PrometheusFormat.mediaType) }
    for probe in HealthProbe.allCases { get(probe.rawValue, probe.response) }
    router.notFound = Response(.notFound, "There is nothing here; what Prometheus reads is at /metrics\n")
    return router
  }

  /// The options of the server.
  package static var options: Options {
    var options = Options()
    options.loopCount = 1
    options.idleTimeout = .seconds(90)
    options.drainTimeout = .seconds(1)
    // The bytes that may wait for a client that does not read.
    options.outboundHighWatermark = 256 << 10
    return options
  }

  /// Reads the sockets on `loop`, and answers a request. The reading begins after this call: its numbers are no older than
  /// the request.
  private func read(on loop: EventLoop, for request: PendingResponse, _ answer: @escaping Answer) {
    let isReading = requests.withLock { requests in
      requests.waiting.append((request, answer))
      return requests.isReading
    }
    if !isReading { beginReading(on: loop) }
  }

  /// Begins a reading for the requests that wait, if there are any.
  private func beginReading(on loop: EventLoop) {
    let waiting = requests.withLock { requests in
      defer { requests.waiting = [] }
      requests.isReading = !requests.waiting.isEmpty
      return requests.waiting
    }
    if waiting.isEmpty { return }
    SnapshotReader(on: loop, timeout: timeout).read(paths) { [self] readings in
      // The servers are not down, this one is: Prometheus must not take it for their state.
      let isInterrupted = readings.contains(where: \.isInterrupted)
      if !isInterrupted { report(readings) }
      for (request, answer) in waiting {
        request.send(
          isInterrupted ? Response(.serviceUnavailable, "This server is shutting down\n") : answer(readings))
      }
      beginReading(on: loop)
    }
  }
}
