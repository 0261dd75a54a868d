internal import Gnet
package import GnetMetrics

/// A snapshot for people: a heading, and a table with a row per number and a column per loop.
package enum TextFormat {
  /// The number of loops side by side in a table.
  private static let columnLimit = 8

  /// The text, with a line end behind its last line.
  package static func text(_ snapshot: MetricsSnapshot, path: String) -> String {
    var lines = heading(snapshot, path)
    let loops = snapshot.loops
    for start in stride(from: 0, to: loops.count, by: columnLimit) {
      let shown = loops[start..<min(start + columnLimit, loops.count)]
      let isLast = shown.endIndex == loops.count
      lines.append("")
      lines += table(Array(shown), totalOf: isLast && loops.count > 1 ? loops : nil, at: snapshot.snapshotTime)
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func heading(_ snapshot: MetricsSnapshot, _ path: String) -> [String] {
    let uptime = snapshot.snapshotTime - min(snapshot.serverStartTime, snapshot.snapshotTime)
    var facts = [
      "process \(snapshot.processID) on \(snapshot.hostName)", "up \(HumanUnits.time(nanoseconds: uptime))",
      "loops: \(snapshot.loops.count)", snapshot.backend, "GnetMetrics \(snapshot.packageVersion)",
      "snapshot \(snapshot.sequenceNumber)",
    ]
    if let state = snapshot.state { facts.append(state.name) }
    return [path.escapingControls, "  " + facts.joined(separator: ", ").escapingControls]
      + ["  listening on " + snapshot.addresses.joined(separator: ", ").escapingControls]
  }

  private static func table(
    _ loops: [MetricsSnapshot.LoopCounters], totalOf all: [MetricsSnapshot.LoopCounters]?, at time: UInt64
  ) -> [String] {
    var rows = [[""] + loops.map { "loop \($0.index)" } + (all == nil ? [] : ["total"])]
    for field in CounterField.all where field.name != "published_time" {
      let values = loops.map(field.value)
      let sum = all.map { all in
        let values = all.map(field.value)
        return field.isSummable ? values.reduce(0, &+) : values.max() ?? 0
      }
      rows.append([title(field.name)] + (values + (sum.map { [$0] } ?? [])).map { text($0, field) })
    }
    let counters = Set((all ?? loops).flatMap(\.namedCounts.keys)).sorted { $0.isOrdered(before: $1) }
    for counter in counters {
      let values = loops.map { $0.namedCounts[counter] ?? 0 }
      let sum = all.map { [$0.reduce(0) { $0 &+ ($1.namedCounts[counter] ?? 0) }] } ?? []
      rows.append([title(counter)] + (values + sum).map(HumanUnits.count))
    }
    for field in HistogramField.all {
      var histograms = loops.map(field.value)
      if let all { histograms.append(all.reduce(into: MetricsSnapshot.Histogram()) { $0.add(field.value($1)) }) }
      let title = title(field.name.replacing("_histogram", with: ""))
      for (name, part) in [("half", 0.5), ("99 %", 0.99)] {
        rows.append(["\(title), \(name) up to"] + histograms.map { bound($0, part, field) })
      }
    }
    let ages = loops.map {
      $0.publishedTime == 0 ? "never" : HumanUnits.time(nanoseconds: time - min(time, $0.publishedTime))
    }
    rows.append(["published ago"] + ages + (all == nil ? [] : [""]))
    return TextTable.lines(rows)
  }

  private static func title(_ name: String) -> String {
    name.replacing("_nanoseconds", with: "").replacing("_", with: " ")
  }

  private static func title(_ counter: LoopCounter) -> String {
    let labels = counter.sortedLabels.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
    return (title(counter.name) + (labels.isEmpty ? "" : " (\(labels))")).escapingControls
  }

  private static func text(_ value: UInt64, _ field: CounterField) -> String {
    if field.isTime { return HumanUnits.time(nanoseconds: value) }
    return field.name.contains("bytes") ? HumanUnits.bytes(value) : HumanUnits.count(value)
  }

  private static func bound(
    _ histogram: MetricsSnapshot.Histogram, _ part: Double, _ field: HistogramField
  ) -> String {
    if histogram.count == 0 { return "-" }
    guard let bound = histogram.bound(of: part) else { return "more" }
    return field.isTime ? HumanUnits.time(nanoseconds: bound) : HumanUnits.bytes(bound)
  }
}
