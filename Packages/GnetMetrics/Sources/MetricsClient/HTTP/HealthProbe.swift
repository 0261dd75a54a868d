internal import Gnet
internal import GnetHTTP
internal import GnetMetrics

/// A question of a load balancer or an orchestrator about all servers of an endpoint.
enum HealthProbe: String, CaseIterable {
  /// Whether every server makes progress.
  case alive = "/healthz"
  /// Whether every server takes new connections.
  case ready = "/readyz"

  /// The answer: 200 or 503, and a line for each server with its path and its health.
  func response(to readings: [Reading]) -> Response {
    let isGood = readings.allSatisfy { reading in
      guard let health = reading.snapshot?.health() else { return false }
      return self == .alive ? health.isAlive : health.isReady
    }
    let lines = readings.map { reading in
      "\(reading.path.escapingControls): \(reading.snapshot?.health().rawValue ?? "missing")\n"
    }
    return Response(isGood ? .ok : .serviceUnavailable, lines.joined())
  }
}
