internal import Gnet
internal import GnetHTTP
internal import Synchronization

/// The readings of the sockets as server-sent events, for viewers of the page.
///
/// Each socket is read once per interval for all viewers together, and is not read while there is no viewer. Each event
/// tells all of a socket: a viewer that is too slow skips events, and what waits for it is bounded.
final class LiveFeed: Sendable {
  /// The most viewers.
  static let viewerLimit = 128

  private let paths: [String]
  private let interval: Duration
  private let timeout: Duration
  private let report: @Sendable ([Reading]) -> Void
  private let state = Mutex(State())

  private struct State {
    var viewers: [ResponseBody] = []
    /// The sockets that are read again and again.
    var polled: Set<String> = []
    /// The last event of each polled socket.
    var latest: [String: String] = [:]
  }

  /// Creates a feed for the sockets at `paths`.
  ///
  /// - Parameters:
  ///   - interval: the time from the end of a reading of a socket to its next one.
  ///   - timeout: the time that reading a socket may take.
  ///   - report: called with every reading, on the loop's thread.
  init(
    _ paths: [String], every interval: Duration, timeout: Duration, report: @escaping @Sendable ([Reading]) -> Void
  ) {
    self.paths = paths
    self.interval = interval
    self.timeout = timeout
    self.report = report
  }

  /// Whether a socket is read again and again.
  var isPolling: Bool { state.withLock { !$0.polled.isEmpty } }

  /// The answer to a viewer: events until the connection ends. The sockets are read on `loop`.
  func response(on loop: EventLoop) -> Response {
    if state.withLock({ $0.viewers.count }) >= Self.viewerLimit {
      return Response(.serviceUnavailable, "There are \(Self.viewerLimit) viewers already\n")
    }
    let fields: HTTPFields = [.cacheControl: "no-store", .xContentTypeOptions: "nosniff"]
    // Source of the format: the HTML standard, section 9.2.
    return .streaming(type: "text/event-stream", fields: fields) { [self] viewer in add(viewer, on: loop) }
  }

  /// Sends a viewer the list of the sockets and the events that there are, and begins to read if nobody looked before.
  private func add(_ viewer: ResponseBody, on loop: EventLoop) {
    let (events, idle) = state.withLock { state in
      state.viewers.append(viewer)
      let idle = paths.filter { !state.polled.contains($0) }
      state.polled.formUnion(idle)
      return (paths.compactMap { state.latest[$0] }, idle)
    }
    // The time after which a browser connects again is in milliseconds.
    let opening = "retry: 1000\nevent: servers\ndata: \(JSONFormat.list(of: paths, interval: interval))\n\n"
    _ = viewer.offer(opening + events.joined())
    for path in idle { read(path, on: loop) }
  }

  /// Reads a socket, and again after each interval as long as there are viewers.
  private func read(_ path: String, on loop: EventLoop) {
    let hasViewers = state.withLock { state in
      if !state.viewers.isEmpty { return true }
      state.polled.remove(path)
      // A viewer that comes later must not take an old event for the present.
      state.latest[path] = nil
      return false
    }
    guard hasViewers else { return }
    SnapshotReader(on: loop, timeout: timeout).read([path]) { [self] readings in
      if readings[0].isInterrupted { return end() }
      report(readings)
      publish(readings[0])
      loop.schedule(after: interval) { [self] in read(path, on: loop) }.keep()
    }
  }

  /// Sends a reading to the viewers, except for those whose earlier events wait. Forgets the viewers that have gone.
  private func publish(_ reading: Reading) {
    let event = "data: \(JSONFormat.line(reading))\n\n"
    let viewers = state.withLock { state in
      state.latest[reading.path] = event
      return state.viewers
    }
    let gone = viewers.filter { $0.offer(event) == .gone }
    if gone.isEmpty { return }
    state.withLock { state in state.viewers.removeAll { viewer in gone.contains { $0 === viewer } } }
  }

  /// Ends the answers to the viewers, since the server shuts down.
  private func end() {
    let viewers = state.withLock { state in
      defer { state.viewers = [] }
      return state.viewers
    }
    for viewer in viewers { viewer.finish() }
  }
}
