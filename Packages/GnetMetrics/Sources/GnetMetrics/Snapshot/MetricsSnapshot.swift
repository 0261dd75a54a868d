public import Gnet

/// The state of a server at one moment: the message `gnet.metrics.v1.Snapshot` as a Swift value.
///
/// Times are nanoseconds since 1970-01-01 00:00 UTC.
public struct MetricsSnapshot: Sendable, Hashable {
  /// The version of the schema that this package writes and reads.
  public static let currentSchemaVersion: UInt32 = 1

  /// The version of the schema.
  public var schemaVersion = currentSchemaVersion
  /// The process that runs the server.
  public var processID: UInt32 = 0
  /// The name of the host that the process runs on.
  public var hostName = ""
  /// The time of the server's start. Another value means another run, whose counters began again at zero.
  public var serverStartTime: UInt64 = 0
  /// The time of the snapshot.
  public var snapshotTime: UInt64 = 0
  /// The number of the snapshot since the start, from 1.
  public var sequenceNumber: UInt64 = 0
  /// The version of the package that made the snapshot.
  public var packageVersion = ""
  /// The system's interface by which the loops wait for events: "epoll" or "kqueue".
  public var backend = ""
  /// The addresses that the server listens on, as bound.
  public var addresses: [String] = []
  /// The counters of each loop, in the order of their indices.
  public var loops: [LoopCounters] = []
  /// The state of the server; `nil` if an older server does not tell.
  public var state: State?

  /// Creates a snapshot of a server without loops.
  public init() {}
}

extension MetricsSnapshot {
  /// The states of a server, with their numbers in the schema.
  public enum State: UInt32, Sendable, Hashable {
    /// Not every loop runs yet.
    case starting = 1
    /// Connections are accepted and served.
    case serving = 2
    /// No connections are accepted any more, and those that are open finish.
    case draining = 3

    /// The name of the state, for people and for programs.
    package var name: String {
      switch self {
      case .starting: "starting"
      case .serving: "serving"
      case .draining: "draining"
      }
    }
  }

  /// The counters of one loop, all of one moment.
  public struct LoopCounters: Sendable, Hashable {
    /// The loop's place among the loops of the server, counted from 0.
    public var index: Int
    /// The time of publication of these counters; 0 before the first one.
    public var publishedTime: UInt64 = 0
    /// The number of times that the loop was stuck in a callback for longer than a limit.
    public var stalls: UInt64 = 0
    /// The time for which the loop has been stuck in a callback now, in nanoseconds, beyond the moment of its own timer.
    public var turnAge: UInt64 = 0
    /// The loop's counters.
    public var statistics = LoopStatistics()
    /// The counts of filters, handlers and plugins, such as the handshakes of TLS, as of the snapshot's time.
    public var namedCounts: [LoopCounter: UInt64] = [:]
    /// The sizes of writes: the bytes offered to the kernel by each.
    public var writeSizes = Histogram()
    /// The delays of the loop's own timer in nanoseconds.
    public var tickLateness = Histogram()

    /// Creates the counters of a loop that has done nothing.
    public init(index: Int) { self.index = index }
  }

  /// The number of observed values by their size.
  public struct Histogram: Sendable, Hashable {
    /// The greatest value of each bucket but the last, in ascending order. The last bucket has no bound.
    public var upperBounds: [UInt64] = []
    /// The number of values in each bucket, without the values of smaller buckets.
    public var counts: [UInt64] = []
    /// The sum of all values.
    public var sum: UInt64 = 0

    /// Creates a histogram without buckets.
    public init() {}

    /// Creates a histogram.
    public init(upperBounds: [UInt64], counts: [UInt64], sum: UInt64) {
      self.upperBounds = upperBounds
      self.counts = counts
      self.sum = sum
    }

    /// The number of values in all buckets.
    ///
    /// - Complexity: O(*n*) in the number of buckets.
    public var count: UInt64 { counts.reduce(0, &+) }
  }
}
