import GnetMetrics

extension FuzzTarget {
  static func snapshots(_ choices: inout Choices) {
    guard let snapshot = try? MetricsSnapshot(decoding: Array(choices.rest)) else { return }
    expectEqual(snapshot.schemaVersion, MetricsSnapshot.currentSchemaVersion, "the version of the schema")
    for loop in snapshot.loops {
      for histogram in [loop.writeSizes, loop.tickLateness] {
        expect(
          histogram.counts.isEmpty || histogram.counts.count == histogram.upperBounds.count + 1,
          "a histogram has \(histogram.counts.count) counts for \(histogram.upperBounds.count) bounds")
        expect(zip(histogram.upperBounds, histogram.upperBounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds descend")
      }
    }
    let encoded = snapshot.encoded()
    do {
      expectEqual(try MetricsSnapshot(decoding: encoded), snapshot, "a snapshot is another when encoded")
    } catch {
      fatalError("a snapshot that was encoded is refused: \(error)")
    }
    expectEqual(snapshot.encoded(), encoded, "a snapshot is encoded in two ways")
  }
}
