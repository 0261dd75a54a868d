internal import Gnet
internal import Synchronization

/// The counts of a ``TLSServer`` or a ``TLSClient``. Each handshake is counted for all loops together, and in the counts of the
/// loop on which it was made.
///
/// A handshake costs far more than an atomic addition and the lock of a loop's counts.
final class HandshakeCounters: Sendable {
  private let version12: Count
  private let version13: Count
  private let resumptions: Count
  private let failures: [TLSHandshakeFailure: Count]

  /// Creates the counts of one side.
  ///
  /// - Parameter side: `server` or `client`, as metrics have it.
  init(_ side: String) {
    let help = "Handshakes of TLS that have succeeded, by version"
    version12 = Count(LoopCounter("tls_handshakes", help: help, labels: ["side": side, "version": "1.2"]))
    version13 = Count(LoopCounter("tls_handshakes", help: help, labels: ["side": side, "version": "1.3"]))
    resumptions = Count(
      LoopCounter("tls_resumptions", help: "Handshakes that have resumed a session of TLS", labels: ["side": side]))
    failures = Dictionary(
      uniqueKeysWithValues: TLSHandshakeFailure.allCases.map { failure in
        let help = "Handshakes of TLS that have failed, by reason"
        let labels = ["side": side, "reason": failure.rawValue]
        return (failure, Count(LoopCounter("tls_handshake_failures", help: help, labels: labels)))
      })
  }

  func addSuccess(_ version: TLSVersion, isResumed: Bool) {
    (version == .v12 ? version12 : version13).add()
    if isResumed { resumptions.add() }
  }

  func add(_ failure: TLSHandshakeFailure) { failures[failure]?.add() }

  var statistics: TLSStatistics {
    var statistics = TLSStatistics()
    statistics.handshakesOfVersion12 = version12.total
    statistics.handshakes = version12.total + version13.total
    statistics.resumptions = resumptions.total
    statistics.failuresByReason = failures.mapValues(\.total).filter { $0.value > 0 }
    return statistics
  }

  /// A count over all loops, with the counter for each of them.
  private final class Count: Sendable {
    private let counter: LoopCounter
    private let sum = Atomic<UInt64>(0)

    init(_ counter: LoopCounter) { self.counter = counter }

    var total: UInt64 { sum.load(ordering: .relaxed) }

    func add() {
      sum.add(1, ordering: .relaxed)
      EventLoop.current?.add(to: counter)
    }
  }
}
