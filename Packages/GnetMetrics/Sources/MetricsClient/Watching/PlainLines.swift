internal import Gnet

/// Rates for a pipe: a line per loop and a line for each server's total, in words of the form name=value.
package struct PlainLines {
  private var before: [Reading] = []

  /// Creates a value without a reading to compare with.
  package init() {}

  /// The lines for new readings; none for a server without an earlier one.
  package mutating func lines(_ readings: [Reading]) -> [String] {
    let servers = ServerRates.all(of: readings, since: before)
    before = readings
    return servers.filter(\.isComparable).flatMap { server in
      let columns = RateColumn.all(for: server.total)
      return server.loops.enumerated().map { Self.line(server.path, "\($0)", $1, columns) }
        + [Self.line(server.path, "total", server.total, columns)]
    }
  }

  private static func line(_ path: String, _ loop: String, _ rates: LoopRates, _ columns: [RateColumn]) -> String {
    let words = ["server=\(path.escapingControls)", "loop=\(loop)"]
    return (words + columns.map { "\($0.name)=\($0.number(rates))" }).joined(separator: " ")
  }
}
