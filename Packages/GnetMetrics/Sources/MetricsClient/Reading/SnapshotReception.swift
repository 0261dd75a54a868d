internal import Gnet
internal import GnetMetrics
internal import RingBuffer
internal import SystemPackage

/// The connection to one socket: collects the bytes to the end of the stream, and decodes them.
struct SnapshotReception: ConnectionHandler {
  /// The most bytes of a snapshot: that of thousands of loops is smaller.
  private static let lengthLimit = 16 << 20

  private let deadline: ContinuousClock.Instant
  private let timeout: Duration
  private let end: @Sendable (Reading.Outcome) -> Void
  private var bytes: [UInt8] = []

  /// - Parameters:
  ///   - deadline: the time at which the stream must have ended.
  ///   - timeout: the time limit that the deadline comes from.
  ///   - end: called once with the outcome.
  init(deadline: ContinuousClock.Instant, timeout: Duration, end: @escaping @Sendable (Reading.Outcome) -> Void) {
    self.deadline = deadline
    self.timeout = timeout
    self.end = end
  }

  mutating func opened(_ connection: inout Connection) -> Action {
    connection.setTimeout(deadline - connection.loop.now)
    return .none
  }

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    bytes += input.readAll()
    return isTooLong ? .close : .none
  }

  /// Goes on: the answer to a client may need the snapshot.
  mutating func shuttingDown(_ connection: inout Connection) -> Action { .none }

  consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
    switch error as? Errno {
    case nil: end(outcome)
    case .timedOut: end(.failure(connection.isShuttingDown ? .interrupted : .timedOut(timeout)))
    case let error?: end(.failure(.system(error)))
    }
  }

  private var isTooLong: Bool { bytes.count > Self.lengthLimit }

  /// The outcome of a stream that has ended in order.
  private var outcome: Reading.Outcome {
    if isTooLong { return .failure(.tooLong(limit: Self.lengthLimit)) }
    if bytes.isEmpty { return .failure(.silent) }
    do throws(MetricsSnapshotError) {
      return .success(Reading.Received(snapshot: try MetricsSnapshot(decoding: bytes), bytes: bytes))
    } catch {
      return .failure(.unreadable(error))
    }
  }
}
