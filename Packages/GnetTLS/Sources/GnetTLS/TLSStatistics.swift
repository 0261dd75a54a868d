internal import Synchronization

/// The handshakes of a ``TLSServer`` or a ``TLSClient`` so far, over all loops.
///
/// Every count only grows. The counts of one value may differ by the handshakes that end at that moment.
public struct TLSStatistics: Hashable, Sendable {
  /// The handshakes that have succeeded.
  public var handshakes: UInt64 = 0

  /// Of these, the handshakes that have resumed an earlier session.
  public var resumptions: UInt64 = 0

  /// Of these, the handshakes of TLS 1.2. The others are of TLS 1.3.
  public var handshakesOfVersion12: UInt64 = 0

  /// The handshakes that have failed, ran out of time, or were left by the peer; counted when the connection has ended.
  public var failures: UInt64 = 0
}

/// The counts that the filters of all loops add to. A handshake costs far more than an atomic addition.
final class HandshakeCounters: Sendable {
  private let handshakes = Atomic<UInt64>(0)
  private let resumptions = Atomic<UInt64>(0)
  private let handshakesOfVersion12 = Atomic<UInt64>(0)
  private let failures = Atomic<UInt64>(0)

  func addSuccess(_ version: TLSVersion, isResumed: Bool) {
    handshakes.add(1, ordering: .relaxed)
    if isResumed { resumptions.add(1, ordering: .relaxed) }
    if version == .v12 { handshakesOfVersion12.add(1, ordering: .relaxed) }
  }

  func addFailure() { failures.add(1, ordering: .relaxed) }

  var statistics: TLSStatistics {
    TLSStatistics(
      handshakes: handshakes.load(ordering: .relaxed), resumptions: resumptions.load(ordering: .relaxed),
      handshakesOfVersion12: handshakesOfVersion12.load(ordering: .relaxed), failures: failures.load(ordering: .relaxed)
    )
  }
}
