internal import GnetMetrics

/// What the loops of one server did between two readings of its socket.
struct ServerRates: Sendable {
  let path: String
  /// Why there is nothing to tell; `nil` if there is.
  let failure: ReadingFailure?
  /// By loop, in the order of the loops.
  let loops: [LoopRates]
  /// Whether the loops can be compared with those of an earlier reading of the same run.
  let isComparable: Bool

  /// What a reading tells beside an earlier one. A server that was started again meanwhile begins anew.
  init(_ now: Reading, since before: Reading?) {
    path = now.path
    switch now.result {
    case .failure(let failure):
      self.failure = failure
      loops = []
      isComparable = false
    case .success(let received):
      failure = nil
      let snapshot = received.snapshot
      let earlier = before?.snapshot.flatMap { $0.isSameRun(as: snapshot) ? $0 : nil }
      isComparable = earlier != nil
      loops = snapshot.loops.enumerated().map { LoopRates($1, since: earlier?.loops[$0]) }
    }
  }

  /// The rates of each server since its earlier reading. Both times the paths are the same, in the same order.
  static func all(of readings: [Reading], since before: [Reading]) -> [ServerRates] {
    readings.enumerated().map { ServerRates($1, since: $0 < before.count ? before[$0] : nil) }
  }

  /// All loops together.
  var total: LoopRates { loops.reduce(into: LoopRates()) { $0.add($1) } }
}

extension MetricsSnapshot {
  fileprivate func isSameRun(as other: MetricsSnapshot) -> Bool {
    processID == other.processID && serverStartTime == other.serverStartTime && loops.count == other.loops.count
  }
}
