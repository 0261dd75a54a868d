/// Rates for a pipe: a line per loop and one for each server's total, in words of the form name=value.
package struct PlainLines {
  private var before: [Reading] = []
  private var complaints: [String: String] = [:]

  /// Starts with nothing to compare with.
  package init() {}

  /// The lines for a new reading; none for a server that was not read before.
  package mutating func lines(_ readings: [Reading]) -> [String] {
    let servers = Self.compare(readings, before)
    before = readings
    return servers.filter(\.isComparable).flatMap { server in
      server.loops.enumerated().map { Self.line(server.path, "\($0)", $1) }
        + [Self.line(server.path, "total", server.total)]
    }
  }

  /// What is to be said of sockets that have begun to fail, or fail in another way than before.
  package mutating func newComplaints(_ readings: [Reading]) -> [String] {
    let new = readings.filter { $0.complaint != nil && $0.complaint != complaints[$0.path] }.compactMap(\.complaint)
    complaints = [:]
    for reading in readings { complaints[reading.path] = reading.complaint }
    return new
  }

  /// Each server beside its earlier reading; the paths are the same ones in the same order.
  static func compare(_ readings: [Reading], _ before: [Reading]) -> [ServerRates] {
    readings.enumerated().map { ServerRates($1, since: $0 < before.count ? before[$0] : nil) }
  }

  private static func line(_ path: String, _ loop: String, _ rates: LoopRates) -> String {
    let words = ["server=\(path.escapingControls)", "loop=\(loop)"]
    return (words + RateColumn.all.map { "\($0.name)=\($0.number(rates))" }).joined(separator: " ")
  }
}
