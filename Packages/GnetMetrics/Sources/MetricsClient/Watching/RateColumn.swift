/// A column of the live table, and a word of the plain lines.
struct RateColumn: Sendable {
  /// The heading in the table.
  let title: String
  /// The name in plain lines.
  let name: String
  /// The value for people.
  let text: @Sendable (LoopRates) -> String
  /// The value for scripts.
  let number: @Sendable (LoopRates) -> String

  /// All columns, the most wanted first: a narrow terminal shows the first of them.
  static let all: [RateColumn] = [
    column("conns", "connections_active", \.connectionsActive, HumanUnits.count),
    rate("reads/s", "reads_per_second", \.reads, HumanUnits.count),
    rate("in/s", "bytes_read_per_second", \.bytesRead, HumanUnits.bytes),
    rate("writes/s", "writes_per_second", \.writes, HumanUnits.count),
    rate("out/s", "bytes_written_per_second", \.bytesWritten, HumanUnits.bytes),
    RateColumn(
      title: "busy", name: "busy_ratio", text: { HumanUnits.percent($0.meanBusy) }, number: { fixed($0.meanBusy) }),
    column("pending", "pending_output_bytes", \.pendingOutputBytes, HumanUnits.bytes),
    rate("opened/s", "connections_opened_per_second", \.opened, HumanUnits.count),
    rate("blocked/s", "writes_would_block_per_second", \.writesWouldBlock, HumanUnits.count),
    rate("wakes/s", "wakeups_per_second", \.wakeups, HumanUnits.count),
    rate("polls/s", "polls_per_second", \.polls, HumanUnits.count),
    rate("dials/s", "connect_attempts_per_second", \.connectAttempts, HumanUnits.count),
    rate("failed/s", "connect_failures_per_second", \.connectFailures, HumanUnits.count),
    rate("errors/s", "accept_errors_per_second", \.acceptErrors, HumanUnits.count),
  ]

  /// All columns for some rates: behind the others, a column for each name among the counts of filters, handlers and plugins.
  static func all(for rates: LoopRates) -> [RateColumn] {
    all
      + rates.named.keys.sorted().map { name in
        let value = { @Sendable (rates: LoopRates) in rates.named[name] ?? 0 }
        return rate("\(name.replacing("_", with: " "))/s", "\(name)_per_second", value, HumanUnits.count)
      }
  }

  private static func column(
    _ title: String, _ name: String, _ value: @escaping @Sendable (LoopRates) -> UInt64,
    _ text: @escaping @Sendable (UInt64) -> String
  ) -> RateColumn {
    RateColumn(title: title, name: name, text: { text(value($0)) }, number: { "\(value($0))" })
  }

  private static func rate(
    _ title: String, _ name: String, _ value: @escaping @Sendable (LoopRates) -> Double,
    _ text: @escaping @Sendable (Double) -> String
  ) -> RateColumn {
    RateColumn(title: title, name: name, text: { text(value($0)) }, number: { fixed(value($0)) })
  }

  /// A number with three decimal places, in every locale the same.
  private static func fixed(_ value: Double) -> String {
    // A counter of a stranger may grow by all of 64 bits within a nanosecond.
    let thousandths = Int128((value * 1000).rounded())
    return "\(thousandths / 1000).\("\(1000 + thousandths % 1000)".dropFirst())"
  }
}

extension LoopRates {
  /// The part of the time spent at work, on average over the loops.
  var meanBusy: Double { loopCount == 0 ? 0 : busy / Double(loopCount) }
}
