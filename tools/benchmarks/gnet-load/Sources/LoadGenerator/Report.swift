internal import CLoad
internal import Histogram

/// The result of a run, with the names of its JSON form. Times are in nanoseconds unless their name says seconds.
public struct Report: Codable, Sendable {
  /// Percentiles of the time from a request to its whole reply; at a fixed rate from when it was due.
  struct Latency: Codable, Sendable {
    var min, mean, p50, p90, p99, p999, p9999, max: Double
  }

  /// The processor time that a process has used. The kernel counts user and system time in ticks of 10 ms.
  struct Usage: Codable, Sendable {
    var seconds, userSeconds, systemSeconds, perRequest: Double

    /// The share of the time measured during which it ran; above 1 with several threads.
    var utilisation: Double
  }

  /// A tenth of a second: how many requests were answered, and how long both processes ran.
  struct Slice: Codable, Sendable {
    var seconds: Double
    var requests: Int
    var client: Int64
    var server: Int64?
  }

  var target: String
  var connections, pipeline, requestSize, replySize: Int
  var rate: Double?

  /// The time measured.
  var seconds: Double
  var requests: Int
  var requestsPerSecond: Double

  /// Datagrams without a reply.
  var lost: Int

  /// Requests that were due at a fixed rate and had no reply at the end.
  var unanswered: Int
  var latency: Latency
  var client: Usage
  var server: Usage?
  var slices: [Slice]
}

extension Engine {
  /// Puts the measurements together.
  func makeReport() -> Report {
    let (first, last) = (samples[0], samples[samples.count - 1])
    let seconds = Double(last.time - first.time) / 1e9
    let requests = last.requests - first.requests
    func usage(_ from: Int64, _ to: Int64, _ before: cload_times, _ after: cload_times) -> Report.Usage {
      let spent = Double(to - from)
      return Report.Usage(
        seconds: spent / 1e9,
        userSeconds: Double(after.user - before.user) / 1e9,
        systemSeconds: Double(after.system - before.system) / 1e9,
        perRequest: requests == 0 ? 0 : spent / Double(requests),
        utilisation: seconds == 0 ? 0 : spent / 1e9 / seconds)
    }
    var rate: Double?
    if case .open(let wanted) = plan.pace { rate = wanted }
    let hasServer = plan.serverProcess != nil
    return Report(
      target: plan.target.description,
      connections: plan.connections, pipeline: plan.pipeline,
      requestSize: script.requestSize, replySize: script.replySize,
      rate: rate, seconds: seconds, requests: requests,
      requestsPerSecond: seconds == 0 ? 0 : Double(requests) / seconds,
      lost: lost, unanswered: unanswered,
      latency: latency(),
      client: usage(first.client, last.client, timesBefore.client, timesAfter.client),
      server: hasServer ? usage(first.server, last.server, timesBefore.server, timesAfter.server) : nil,
      slices: zip(samples, samples.dropFirst()).map { from, to in
        Report.Slice(
          seconds: Double(to.time - from.time) / 1e9, requests: to.requests - from.requests,
          client: to.client - from.client, server: hasServer ? to.server - from.server : nil)
      })
  }

  private func latency() -> Report.Latency {
    let latencies = latencies.pointee
    func at(_ percentile: Double) -> Double { Double(latencies.valueAtPercentile(percentile)) }
    let isEmpty = latencies.totalCount == 0
    return Report.Latency(
      min: isEmpty ? 0 : Double(latencies.min), mean: isEmpty ? 0 : latencies.mean, p50: at(50), p90: at(90),
      p99: at(99), p999: at(99.9), p9999: at(99.99), max: isEmpty ? 0 : Double(latencies.max))
  }
}
