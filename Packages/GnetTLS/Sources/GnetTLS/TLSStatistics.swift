/// The handshakes of a ``TLSServer`` or a ``TLSClient`` so far, over all loops.
///
/// Every count only grows. The counts of one value may differ by the handshakes that end at that moment. Each loop has the same
/// counts for metrics, in `EventLoop.counts`: `tls_handshakes`, `tls_resumptions` and `tls_handshake_failures`.
public struct TLSStatistics: Hashable, Sendable {
  /// The handshakes that have succeeded.
  public var handshakes: UInt64 = 0

  /// Of these, the handshakes that have resumed an earlier session.
  public var resumptions: UInt64 = 0

  /// Of these, the handshakes of TLS 1.2. The others are of TLS 1.3.
  public var handshakesOfVersion12: UInt64 = 0

  /// The handshakes that have failed, ran out of time, or were left by the peer, by their reasons; without reasons that have
  /// not occurred. A connection that the program ends before its handshake is over does not count.
  public var failuresByReason: [TLSHandshakeFailure: UInt64] = [:]

  /// The handshakes that have failed, for all reasons.
  public var failures: UInt64 { failuresByReason.values.reduce(0, +) }
}
