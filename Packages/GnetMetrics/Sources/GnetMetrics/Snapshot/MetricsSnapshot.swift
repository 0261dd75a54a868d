public import Gnet

/// What a server tells about itself at one moment: the message `gnet.metrics.v1.Snapshot` as a Swift value.
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
  /// When the server started; another value is another run, whose counters began again at zero.
  public var serverStartTime: UInt64 = 0
  /// When the snapshot was made.
  public var snapshotTime: UInt64 = 0
  /// The number of the snapshot since the start, from 1.
  public var sequenceNumber: UInt64 = 0
  /// The version of the package that made the snapshot.
  public var packageVersion = ""
  /// How the loops wait for events: "epoll" or "kqueue".
  public var backend = ""
  /// Where the server listens, as bound.
  public var addresses: [String] = []
  /// The counters of each loop, in the order of their indices.
  public var loops: [LoopCounters] = []

  /// Creates a snapshot of a server without loops.
  public init() {}
}

extension MetricsSnapshot {
  /// What one loop has counted; all of one moment.
  public struct LoopCounters: Sendable, Hashable {
    /// The loop's place among the loops of the server, counted from 0.
    public var index: Int
    /// When the loop published these counters; 0 before the first time.
    public var publishedTime: UInt64 = 0
    /// The loop's counters.
    public var statistics = LoopStatistics()
    /// Sizes of writes: the bytes offered to the kernel by each.
    public var writeSizes = Histogram()
    /// How late the loop was for its own timer, in nanoseconds.
    public var tickLateness = Histogram()

    /// Creates the counters of a loop that has done nothing.
    public init(index: Int) { self.index = index }
  }

  /// How often values of a size were observed.
  public struct Histogram: Sendable, Hashable {
    /// The greatest value that each bucket but the last counts, in ascending order; the last has no bound.
    public var upperBounds: [UInt64] = []
    /// The values that each bucket counted, those of smaller buckets not included.
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

    /// The number of values observed.
    public var count: UInt64 { counts.reduce(0, &+) }
  }
}
