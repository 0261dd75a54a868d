package import Gnet
internal import Synchronization

/// Reads snapshots from any number of sockets at once, on an event loop. A socket that hangs delays no other.
package struct SnapshotReader: Sendable {
  private let loop: EventLoop
  private let timeout: Duration

  /// Creates a reader.
  ///
  /// - Parameters:
  ///   - loop: the loop of the connections.
  ///   - timeout: the time that reading a socket may take, from the connection to the end of the stream.
  package init(on loop: EventLoop, timeout: Duration = .seconds(2)) {
    self.loop = loop
    self.timeout = timeout
  }

  /// The options of a server whose loop has nothing to do but to read.
  package static var options: Options {
    var options = Options()
    options.loopCount = 1
    options.drainTimeout = .zero
    return options
  }

  /// Reads each socket once, and takes no longer than the time-out.
  ///
  /// - Parameters:
  ///   - paths: the sockets, at least one.
  ///   - completion: called once with the readings, in the order of `paths`: on the loop's thread, or by this function if
  ///     the loop has ended.
  package func read(_ paths: [String], _ completion: @escaping @Sendable ([Reading]) -> Void) {
    let readings = PendingReadings(count: paths.count, completion)
    let deadline = loop.now + timeout
    var options = ConnectOptions()
    options.timeout = timeout
    for (index, path) in paths.enumerated() {
      let end = { @Sendable (result: Reading.Outcome) in readings.put(Reading(path: path, result: result), at: index) }
      let service = Service { _ in SnapshotReception(deadline: deadline, timeout: timeout, end: end) }
      loop.connect(to: "unix://\(path)", options: options, service) { error in
        end(.failure(ReadingFailure(error, path: path, timeout: timeout)))
      }
    }
  }

  /// Reads each socket once, on a loop for this call, and waits for the readings.
  package static func read(_ paths: [String], timeout: Duration = .seconds(2)) throws(ServeError) -> [Reading] {
    let running = try start([], options: options)
    let outcome = Mutex<[Reading]>([])
    SnapshotReader(on: running.server.loops[0], timeout: timeout).read(paths) { [server = running.server] readings in
      outcome.withLock { $0 = readings }
      server.shutdown()
    }
    try running.wait()
    return outcome.withLock { $0 }
  }
}

/// The readings of several sockets, which end one by one.
private final class PendingReadings: Sendable {
  private let count: Int
  private let completion: @Sendable ([Reading]) -> Void
  private let ended = Mutex<[Int: Reading]>([:])

  init(count: Int, _ completion: @escaping @Sendable ([Reading]) -> Void) {
    self.count = count
    self.completion = completion
  }

  /// Adds the reading of a socket, once for each.
  func put(_ reading: Reading, at index: Int) {
    let all = ended.withLock { ended -> [Reading]? in
      ended[index] = reading
      if ended.count < count { return nil }
      defer { ended = [:] }
      return (0..<count).map { ended[$0]! }
    }
    if let all { completion(all) }
  }
}
