import Gnet
import GnetCodecs

/// The console of a person or a script: a command for each line, and answers that end in END.
struct Console {
  let metrics: Metrics

  /// Serves a connection until its end.
  func run(_ connection: AsyncConnection) async throws {
    for try await line in connection.frames(LineCodec(maximumFrameLength: 4096)) {
      var words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)[...]
      guard let command = words.popFirst() else { continue }
      if command == "quit" { return }
      let answer = await answer(to: command, words)
      try await connection.write(answer.map { ($0 + ["END", "", ""]).joined(separator: "\n") } ?? "ERROR\n")
    }
  }

  /// The lines of an answer; `nil` for an unknown command.
  private func answer(to command: String, _ names: ArraySlice<String>) async -> [String]? {
    switch command {
    case "help": ["commands: help health stats counters gauges timers sets delcounters delgauges deltimers quit"]
    case "health": ["health: up"]
    case "stats": await statistics
    case "counters": Self.lines(await metrics.figures().counters.mapValues(\.text))
    case "gauges": Self.lines(metrics.currentGauges.mapValues(\.text))
    case "timers": Self.lines(await metrics.figures().timers)
    case "sets": Self.lines(await metrics.figures().sets.mapValues(\.count))
    case "delcounters": await delete(names) { await metrics.delete($0, of: \.counters) }
    case "deltimers": await delete(names) { await metrics.delete($0, of: \.timers) }
    case "delgauges": await delete(names) { metrics.deleteGauge($0) }
    default: nil
    }
  }

  private var statistics: [String] {
    get async {
      let figures = await metrics.figures()
      return [
        "uptime: \(metrics.uptime.components.seconds)", "messages.received: \(figures.lineCount)",
        "messages.bad_lines_seen: \(figures.badLineCount)",
      ]
    }
  }

  private func delete(_ names: ArraySlice<String>, _ delete: (String) async -> Bool) async -> [String] {
    var lines: [String] = []
    for name in names { lines.append(await delete(name) ? "deleted: \(name)" : "metric \(name) not found") }
    return lines
  }

  private static func lines<Value>(_ values: [String: Value]) -> [String] {
    values.sorted { $0.key < $1.key }.map { "\($0): \($1)" }
  }
}
