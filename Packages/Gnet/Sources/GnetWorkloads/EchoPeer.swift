import Gnet
import GnetTesting

/// A scripted peer of an echo server: sends a pattern, and checks what comes back.
final class EchoPeer {
  let peer: any PeerStream
  private let ledger: Ledger
  private(set) var sentCount = 0
  private(set) var receivedCount = 0
  /// Whether the peer has ended its own stream, with everything sent.
  private(set) var endsOutput = false
  /// Whether the peer has gone without waiting for the other side.
  private(set) var hasClosed = false
  private(set) var hasReset = false

  /// - Parameter isLazy: whether the peer reads nothing for a while.
  init(_ peer: any PeerStream, _ ledger: Ledger, length: Duration, isLazy: Bool) {
    self.peer = peer
    self.ledger = ledger
    let simulation = ledger.simulation
    let isLong = ledger.happens(0.2)
    for _ in 0..<ledger.number(in: 0...5) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [self] in
        send(ledger.element(of: [0, 1, 10, 300, isLong ? 5000 : 50]))
      }
    }
    if isLazy {
      peer.isReadingPaused = true
      simulation.schedule(after: ledger.duration(upTo: length * 2)) { peer.isReadingPaused = false }
    }
    simulation.schedule(after: ledger.duration(upTo: length)) { [self] in
      switch ledger.below(8) {
      case 0: leave { peer.close() }
      case 1: reset()
      case 2, 3: end()
      default: break
      }
    }
  }

  private func send(_ count: Int) {
    takeReceived()
    guard !endsOutput, peer.send(Pattern.bytes(sentCount..<sentCount + count)) else { return }
    sentCount += count
  }

  private func leave(_ how: () -> Void) {
    hasClosed = true
    takeReceived()
    how()
  }

  /// Resets the stream.
  func reset() {
    if !hasClosed && peer.isOpened && !peer.isEnded { hasReset = true }
    leave { peer.reset() }
  }

  private func end() {
    if hasClosed || endsOutput { return }
    endsOutput = true
    peer.endOutput()
  }

  /// Checks the bytes that have come back.
  func takeReceived() {
    let bytes = peer.receive()
    ledger.require(
      Pattern.matches(bytes, from: receivedCount), "the peer \(peer.address) got other bytes than it has sent")
    receivedCount += bytes.count
  }

  /// Ends the script: reads everything, and ends the own stream.
  func finish() {
    peer.isReadingPaused = false
    end()
  }

  /// Whether everything has come back that was sent.
  var isEchoed: Bool {
    takeReceived()
    return receivedCount == sentCount
  }

  /// Whether nothing more is to come.
  var isOver: Bool { hasClosed || peer.isEnded }
}
