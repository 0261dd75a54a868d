internal import Gnet
package import GnetMetrics

/// A snapshot as a JSON object in one line, with the names of the schema, and `server` for the socket's path.
package enum JSONFormat {
  /// A reading: the object of its snapshot, or an object with `server` and `error`.
  static func line(_ reading: Reading) -> String {
    switch reading.result {
    case .success(let received): line(received.snapshot, path: reading.path)
    case .failure(let failure): object([("server", string(reading.path)), ("error", string("\(failure)"))])
    }
  }

  /// An object with the paths of the sockets, and with the time between two readings in seconds.
  static func list(of paths: [String], interval: Duration) -> String {
    object([("servers", array(paths.map(string))), ("interval", "\(interval / .seconds(1))")])
  }

  /// The object, without a line end.
  package static func line(_ snapshot: MetricsSnapshot, path: String) -> String {
    object([
      ("server", string(path)),
      ("schema_version", "\(snapshot.schemaVersion)"),
      ("process_id", "\(snapshot.processID)"),
      ("host_name", string(snapshot.hostName)),
      ("server_start_time", "\(snapshot.serverStartTime)"),
      ("snapshot_time", "\(snapshot.snapshotTime)"),
      ("sequence_number", "\(snapshot.sequenceNumber)"),
      ("package_version", string(snapshot.packageVersion)),
      ("backend", string(snapshot.backend)),
      ("addresses", array(snapshot.addresses.map(string))),
      ("state", snapshot.state.map { string($0.name) } ?? "null"),
      ("loops", array(snapshot.loops.map(loop))),
    ])
  }

  private static func loop(_ loop: MetricsSnapshot.LoopCounters) -> String {
    object(
      [("loop_index", "\(loop.index)")]
        + CounterField.all.map { ($0.name, "\($0.value(loop))") }
        + HistogramField.all.map { ($0.name, histogram($0.value(loop))) }
        + [("named_counts", array(loop.sortedCounts.map(namedCount)))])
  }

  private static func namedCount(_ counter: LoopCounter, _ value: UInt64) -> String {
    object([
      ("name", string(counter.name)), ("help", string(counter.help)),
      ("labels", object(counter.sortedLabels.map { ($0.name, string($0.value)) })), ("value", "\(value)"),
    ])
  }

  private static func histogram(_ histogram: MetricsSnapshot.Histogram) -> String {
    object([
      ("upper_bounds", array(histogram.upperBounds.map(String.init))),
      ("counts", array(histogram.counts.map(String.init))),
      ("sum", "\(histogram.sum)"),
    ])
  }

  private static func object(_ members: [(String, String)]) -> String {
    "{\(members.map { "\(string($0)):\($1)" }.joined(separator: ","))}"
  }

  private static func array(_ elements: [String]) -> String { "[\(elements.joined(separator: ","))]" }

  /// A string of JSON. Source: RFC 8259, section 7.
  private static func string(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\":
        result += "\\\(scalar)"
      case "\u{0}"..<" ", "\u{7F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)"
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
