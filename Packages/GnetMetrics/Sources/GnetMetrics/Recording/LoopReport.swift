internal import Gnet

/// All that one loop tells, at one moment.
struct LoopReport: BitwiseCopyable {
  /// The time of publication in nanoseconds since 1970-01-01 00:00 UTC; 0 before the first one.
  var publishedTime: UInt64 = 0
  var statistics = LoopStatistics()
  var writeSizes = SizeHistogram()
  var tickLateness = LatenessHistogram()
}

extension MetricsSnapshot.LoopCounters {
  /// Creates the counters of a loop from its report.
  init(index: Int, _ report: LoopReport) {
    self.init(index: index)
    publishedTime = report.publishedTime
    statistics = report.statistics
    writeSizes = MetricsSnapshot.Histogram(
      upperBounds: SizeHistogram.upperBounds, counts: Array(report.writeSizes.counts), sum: report.writeSizes.sum)
    tickLateness = MetricsSnapshot.Histogram(
      upperBounds: LatenessHistogram.upperBounds, counts: Array(report.tickLateness.counts),
      sum: report.tickLateness.sum)
  }
}

extension Array {
  fileprivate init<let count: Int>(_ values: InlineArray<count, Element>) {
    self = values.indices.map { values[$0] }
  }
}
