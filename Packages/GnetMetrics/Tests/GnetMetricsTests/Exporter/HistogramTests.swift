import Testing

@testable import GnetMetrics

@Suite struct HistogramTests {
  /// Expects that a value, and nothing else, is counted in the first bucket whose bound it does not exceed.
  private func expectFirstBucket<let count: Int>(
    of bounds: [UInt64], for value: UInt64, _ counts: InlineArray<count, UInt64>, sum: UInt64
  ) {
    let expected = bounds.firstIndex { value <= $0 } ?? bounds.count
    for index in counts.indices { #expect(counts[index] == (index == expected ? 1 : 0), "\(value)") }
    #expect(sum == value)
  }

  @Test("a size is counted in the first bucket whose bound it does not exceed")
  func sizes() {
    let bounds = SizeHistogram.upperBounds
    #expect(bounds == [16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1_048_576])
    var sizes = bounds.flatMap { [Int($0) - 1, Int($0), Int($0) + 1] }
    sizes += [0, 1, 15, 17, 100, 1 << 30, .max]
    for size in sizes {
      var histogram = SizeHistogram()
      histogram.record(size)
      expectFirstBucket(of: bounds, for: UInt64(size), histogram.counts, sum: histogram.sum)
    }
  }

  @Test("a time is counted in the first bucket whose bound it does not exceed")
  func times() {
    let bounds = LatenessHistogram.upperBounds
    for time in bounds.flatMap({ [$0 - 1, $0, $0 + 1] }) + [0, .max] {
      var histogram = LatenessHistogram()
      histogram.record(time)
      expectFirstBucket(of: bounds, for: time, histogram.counts, sum: histogram.sum)
    }
  }

  @Test("a report is nothing but 64-bit words, as its publication takes for granted")
  func layout() {
    #expect(MemoryLayout<LoopReport>.size == 8 * (1 + 28 + (10 + 1) + (14 + 1)))
  }
}
