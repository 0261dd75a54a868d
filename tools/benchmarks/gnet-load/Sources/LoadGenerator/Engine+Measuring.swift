internal import CLoad
internal import Histogram

extension Engine {
  /// The length of a slice in nanoseconds: long enough for the clocks to be exact, short enough to fall between
  /// disturbances.
  static var slice: Int64 { 100_000_000 }

  /// Begins to measure, ends a slice, or ends measuring: whichever is due.
  func passBoundary() throws(LoadError) {
    if isMeasuring {
      if now >= measuringEnd { try endMeasuring() } else { try takeSample() }
    } else if mayAsk {
      try beginMeasuring()
    }
    boundary = mayAsk ? min(now + Self.slice, max(measuringEnd, now + 1)) : drainEnd
    if underWay > 0, now - lastReply > Int64(plan.patience * 1e9) {
      throw LoadError("\(plan.target) sent no reply for \(plan.patience) seconds; \(underWay) requests wait for one")
    }
    if plan.target.isDatagram { try giveUpLostDatagrams() }
  }

  /// From here on, what happens counts.
  func beginMeasuring() throws(LoadError) {
    isMeasuring = true
    timesBefore = try times()
    try takeSample()
    now = samples[0].time
    measuringEnd = plan.requestLimit == nil ? now + Int64(plan.duration * 1e9) : .max
    boundary = min(now + Self.slice, measuringEnd)
  }

  /// From here on nothing counts, and nothing is asked.
  func endMeasuring() throws(LoadError) {
    now = cload_now()
    try takeSample()
    timesAfter = try times()
    if case .open = plan.pace { recordUnanswered() }
    isMeasuring = false
    mayAsk = false
    drainEnd = now + 1_000_000_000
  }

  /// Requests that are due and have no reply count with the time they have waited so far.
  private func recordUnanswered() {
    for index in 0..<plan.connections {
      let connection = connections[index]
      for number in connection.answered..<(connection.made + connection.overdue) {
        record(now - dueTime(index, number))
        unanswered += 1
      }
    }
  }

  /// Counts a latency in nanoseconds, once or several times.
  @inline(__always)
  func record(_ latency: Int64, count: Int = 1) {
    latencies.pointee.record(UInt64(min(max(1, latency), 600_000_000_000)), count: UInt64(count))
  }

  private func takeSample() throws(LoadError) {
    var sample = Sample(time: cload_now(), requests: completed, client: cload_processor_time(0))
    if let process = plan.serverProcess {
      sample.server = cload_processor_time(process)
      if sample.server < 0 { throw LoadError("the processor time of process \(process)", sample.server) }
    }
    samples.append(sample)
  }

  private func times() throws(LoadError) -> Times {
    var times = Times()
    var result = cload_processor_times(0, &times.client)
    if result == 0, let process = plan.serverProcess { result = cload_processor_times(process, &times.server) }
    if result < 0 { throw LoadError("the processor time of process \(plan.serverProcess ?? 0)", result) }
    return times
  }
}

/// The processor time of both processes, as counted by the kernel.
struct Times {
  var client = cload_times()
  var server = cload_times()
}

/// The state of affairs at the end of a slice.
struct Sample {
  var time: Int64
  var requests: Int
  var client: Int64
  var server: Int64 = 0
}
