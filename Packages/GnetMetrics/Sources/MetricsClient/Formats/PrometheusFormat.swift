internal import Gnet
internal import GnetMetrics

/// Snapshots in Prometheus' text exposition format, version 0.0.4.
///
/// The labels are `server`, the socket's path as given, and `loop`. A socket without an answer has `gnet_up` 0 and
/// nothing else. Source: https://prometheus.io/docs/instrumenting/exposition_formats/
package struct PrometheusFormat {
  /// The name of the format in HTTP.
  package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

  private let readings: [Reading]
  private let servers: [(label: String, snapshot: MetricsSnapshot)]
  private var text = ""

  /// The exposition of all `readings`, whose paths must differ.
  package static func text(_ readings: [Reading]) -> String {
    var format = PrometheusFormat(readings)
    format.writeServers()
    for field in CounterField.all { format.write(field) }
    for field in HistogramField.all { format.write(field) }
    format.writeNamedCounts()
    return format.text
  }

  private init(_ readings: [Reading]) {
    self.readings = readings
    servers = readings.compactMap { reading in
      reading.snapshot.map { (Self.label("server", reading.path), $0) }
    }
  }

  private mutating func writeServers() {
    writeHead("gnet_up", "gauge", "Whether the server's metrics socket answered with a snapshot")
    for reading in readings {
      writeSample("gnet_up", Self.label("server", reading.path), reading.snapshot == nil ? "0" : "1")
    }
    if servers.isEmpty { return }
    writeHead("gnet_server_info", "gauge", "The server's process, host and version; always 1")
    for (server, snapshot) in servers {
      let labels = [
        server, Self.label("process_id", "\(snapshot.processID)"), Self.label("host", snapshot.hostName),
        Self.label("version", snapshot.packageVersion), Self.label("backend", snapshot.backend),
      ]
      writeSample("gnet_server_info", labels.joined(separator: ","), "1")
    }
    writeHead("gnet_server_state", "gauge", "What the server does: starting, serving or draining; always 1")
    for (server, snapshot) in servers {
      guard let state = snapshot.state else { continue }
      writeSample("gnet_server_state", "\(server),\(Self.label("state", state.name))", "1")
    }
    writeHead("gnet_start_time_seconds", "gauge", "When the server started, since the Unix epoch")
    for (server, snapshot) in servers {
      writeSample("gnet_start_time_seconds", server, Self.seconds(snapshot.serverStartTime))
    }
  }

  private mutating func write(_ field: CounterField) {
    if servers.isEmpty { return }
    writeHead(field.exposition, field.kind.rawValue, field.help)
    for (server, snapshot) in servers {
      for loop in snapshot.loops {
        let value = field.value(loop)
        writeSample(
          field.exposition, "\(server),loop=\"\(loop.index)\"", field.isTime ? Self.seconds(value) : "\(value)")
      }
    }
  }

  private mutating func write(_ field: HistogramField) {
    if servers.isEmpty { return }
    writeHead(field.exposition, "histogram", field.help)
    for (server, snapshot) in servers {
      for loop in snapshot.loops {
        let histogram = field.value(loop)
        let labels = "\(server),loop=\"\(loop.index)\""
        let number = { (value: UInt64) in field.isTime ? Self.seconds(value) : "\(value)" }
        var sum: UInt64 = 0
        for (index, count) in histogram.counts.enumerated() {
          sum &+= count
          let bound = index < histogram.upperBounds.count ? number(histogram.upperBounds[index]) : "+Inf"
          writeSample("\(field.exposition)_bucket", "\(labels),le=\"\(bound)\"", "\(sum)")
        }
        if histogram.counts.isEmpty { writeSample("\(field.exposition)_bucket", "\(labels),le=\"+Inf\"", "0") }
        writeSample("\(field.exposition)_sum", labels, number(histogram.sum))
        writeSample("\(field.exposition)_count", labels, "\(sum)")
      }
    }
  }

  /// The counts of filters, handlers and plugins: a family for each name.
  private mutating func writeNamedCounts() {
    let all = servers.flatMap { server in
      server.snapshot.loops.flatMap { loop in
        loop.sortedCounts.map {
          (labels: "\(server.label),loop=\"\(loop.index)\"", counter: $0.counter, value: $0.value)
        }
      }
    }
    for (name, counts) in Dictionary(grouping: all, by: \.counter.name).sorted(by: { $0.key < $1.key }) {
      let family = Self.family(name)
      writeHead(family, "counter", counts[0].counter.help)
      for count in counts {
        let own = count.counter.sortedLabels.map { Self.label(Self.labelName($0.name), $0.value) }
        writeSample(family, ([count.labels] + own).joined(separator: ","), "\(count.value)")
      }
    }
  }

  /// The name of a family. As Prometheus does with labels, a name that is in use gets a prefix.
  private static func family(_ name: String) -> String {
    let family = "gnet_\(name)_total"
    return CounterField.all.contains { $0.exposition == family } ? "gnet_exported_\(name)_total" : family
  }

  private static func labelName(_ name: String) -> String {
    name == "server" || name == "loop" ? "exported_\(name)" : name
  }

  private mutating func writeHead(_ name: String, _ type: String, _ help: String) {
    let help = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    text += "# HELP \(name) \(help).\n# TYPE \(name) \(type)\n"
  }

  private mutating func writeSample(_ name: String, _ labels: String, _ value: String) {
    text += "\(name){\(labels)} \(value)\n"
  }

  private static func label(_ name: String, _ value: String) -> String {
    var escaped = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\", "\"": escaped += "\\\(scalar)"
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return "\(name)=\"\(escaped)\""
  }

  /// Nanoseconds written as seconds, exactly.
  static func seconds(_ nanoseconds: UInt64) -> String {
    let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    if rest == 0 { return "\(whole)" }
    var digits = "\(rest + 1_000_000_000)".dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(whole).\(digits)"
  }
}
