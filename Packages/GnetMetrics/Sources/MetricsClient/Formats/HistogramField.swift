internal import GnetMetrics

/// A histogram that every loop tells, and its names.
struct HistogramField: Sendable {
  /// The name in the schema, and in JSON.
  let name: String
  /// The name for Prometheus.
  let exposition: String
  let help: String
  let value: @Sendable (MetricsSnapshot.LoopCounters) -> MetricsSnapshot.Histogram

  /// Whether the values are times in nanoseconds.
  var isTime: Bool { exposition.hasSuffix("_seconds") }

  /// All histograms, in the order of the schema.
  static let all: [HistogramField] = [
    HistogramField(
      name: "write_size_histogram", exposition: "gnet_write_size_bytes",
      help: "Bytes offered to the kernel by each write", value: { $0.writeSizes }),
    HistogramField(
      name: "tick_lateness_histogram", exposition: "gnet_tick_lateness_seconds",
      help: "How late the loop was for its own timer", value: { $0.tickLateness }),
  ]
}

extension MetricsSnapshot.Histogram {
  /// The bound of the bucket up to which a part of the values lies: an upper limit of the quantile.
  ///
  /// `nil` if the last bucket is reached, which has no bound. Zero if there are no values.
  func bound(of part: Double) -> UInt64? {
    let rank = (Double(count) * part).rounded(.up)
    var seen = 0.0
    if count == 0 { return 0 }
    for (bound, count) in zip(upperBounds, counts) {
      seen += Double(count)
      if seen >= rank { return bound }
    }
    return nil
  }

  /// Adds the values of another histogram if it has the same buckets.
  mutating func add(_ other: Self) {
    if counts.isEmpty {
      self = other
    } else if upperBounds == other.upperBounds && counts.count == other.counts.count {
      for index in counts.indices { counts[index] &+= other.counts[index] }
      sum &+= other.sum
    }
  }
}
