/// The health of a server at one moment, for probes.
public enum ServerHealth: String, Sendable, Hashable {
  /// Not every loop runs yet.
  case starting
  /// Connections are accepted and served.
  case serving
  /// No connections are accepted any more, and those that are open finish.
  case draining
  /// A loop has been stuck in a callback for longer than a limit.
  case stuck

  /// Whether the server makes progress: the answer to a liveness probe.
  public var isAlive: Bool { self != .stuck }

  /// Whether new connections should be sent to the server: the answer to a readiness probe.
  public var isReady: Bool { self == .serving }
}

extension MetricsSnapshot {
  /// The health of the server. A server that does not tell its state counts as serving.
  ///
  /// - Parameter stallLimit: the time for which a loop may be stuck in a callback.
  public func health(stallLimit: Duration = .seconds(5)) -> ServerHealth {
    if loops.contains(where: { .nanoseconds(Int64(clamping: $0.turnAge)) > stallLimit }) { return .stuck }
    return switch state {
    case .starting: .starting
    case .draining: .draining
    case .serving, nil: .serving
    }
  }
}
