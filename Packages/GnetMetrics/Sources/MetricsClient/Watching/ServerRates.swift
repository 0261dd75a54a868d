internal import GnetMetrics

/// The work of one server's loops between two readings of its socket.
struct ServerRates: Sendable {
  let path: String
  /// The reason why there are no rates; `nil` if there are.
  let failure: ReadingFailure?
  /// The rates of each loop, in the order of the loops.
  let loops: [LoopRates]
  /// Whether there is an earlier reading of the same run to compare the loops with.
  let isComparable: Bool

  /// Compares a reading with an earlier one, unless the server was started again meanwhile.
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

  /// The rates of each server since its earlier reading. Both lists have the same paths in the same order.
  static func all(of readings: [Reading], since before: [Reading]) -> [ServerRates] {
    readings.enumerated().map { ServerRates($1, since: $0 < before.count ? before[$0] : nil) }
  }

  /// The sum over all loops.
  var total: LoopRates { loops.reduce(into: LoopRates()) { $0.add($1) } }
}

extension MetricsSnapshot {
  fileprivate func isSameRun(as other: MetricsSnapshot) -> Bool {
    processID == other.processID && serverStartTime == other.serverStartTime && loops.count == other.loops.count
  }
}
