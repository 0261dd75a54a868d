import ExampleSupport
import Gnet
import Synchronization

/// All metrics: figures for each loop, and the gauges.
final class Metrics: Sendable {
  private final class LoopMetrics {
    var figures = Figures()
  }

  private let start = ContinuousClock.now
  private let loops = LoopLocal { _ in LoopMetrics() }
  /// The gauges of all loops, behind a lock: of values that two loops set, the last one counts.
  private let gauges = Mutex<[String: Double]>([:])

  /// Records the lines of a datagram, on a loop's thread.
  func record(_ text: String) {
    loops.withState { loop in
      for line in text.split(separator: "\n") {
        let sample = Sample(line)
        if let sample, sample.kind == .gauge {
          let isKept = gauges.withLock { set(sample, in: &$0) }
          loop.figures.count(isBad: !isKept)
        } else {
          loop.figures.record(sample)
        }
      }
    }
  }

  private func set(_ sample: Sample, in gauges: inout [String: Double]) -> Bool {
    guard gauges[sample.name] != nil || gauges.count < Figures.entryLimit else { return false }
    gauges[sample.name] = sample.isRelative ? gauges[sample.name, default: 0] + sample.number : sample.number
    return true
  }

  /// The figures of all loops together.
  func figures() async -> Figures { await loops.collect { $0.figures }.reduce(into: Figures()) { $0.add($1) } }

  /// The time since the start.
  var uptime: Duration { start.duration(to: .now) }

  var currentGauges: [String: Double] { gauges.withLock { $0 } }

  /// Deletes a metric on all loops. Returns whether there was any.
  func delete<Value: Sendable>(
    _ name: String, of kind: any WritableKeyPath<Figures, [String: Value]> & Sendable
  ) async -> Bool {
    await loops.collect { $0.figures[keyPath: kind].removeValue(forKey: name) != nil }.contains(true)
  }

  func deleteGauge(_ name: String) -> Bool { gauges.withLock { $0.removeValue(forKey: name) != nil } }

  /// Prints all metrics. Counters, timers and sets begin anew.
  func report() async {
    let figures = await loops.collect { $0.figures.take() }.reduce(into: Figures()) { $0.add($1) }
    let lines =
      figures.counters.map { "counters.\($0) \($1.text)" } + figures.timers.map { "timers.\($0) \($1)" }
      + figures.sets.map { "sets.\($0) \($1.count)" } + currentGauges.map { "gauges.\($0) \($1.text)" }
    Output.write(lines.sorted())
  }
}
