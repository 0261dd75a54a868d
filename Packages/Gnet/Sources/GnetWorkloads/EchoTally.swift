import Gnet
import GnetTesting

/// The lives of an echo server's connections, by their peers' addresses.
// Unchecked: a simulation stays on one thread.
final class EchoTally: @unchecked Sendable {
  let ledger: Ledger
  let options: Options
  private(set) var records: [SocketAddress: EchoRecord] = [:]
  private var all: [EchoRecord] = []
  var server: Server?
  /// Whether the faults have ended: then nothing is done that never ends.
  var isFinishing = false
  /// Whether anybody has shut the server down.
  var isShutDown = false
  /// The greatest amount of work that a handler of this run does on its own.
  let mischief: Double
  /// The probability that a handler leaves a part of the input, and comes back to the rest.
  let partiality: Double

  init(_ ledger: Ledger, _ options: Options) {
    self.ledger = ledger
    self.options = options
    mischief = ledger.element(of: [0, 0.05, 0.3])
    partiality = ledger.element(of: [0, 0.3])
  }

  /// The service of a listener.
  func service(_ layers: WireLayers) -> Service {
    Service { [self] connection in EchoHandler(self, record(of: connection.remoteAddress, layers)) }
  }

  /// The service of a connection that has a record already.
  func service(_ record: EchoRecord) -> Service { Service { [self] _ in EchoHandler(self, record) } }

  private func record(of address: SocketAddress, _ layers: WireLayers) -> EchoRecord {
    ledger.require(records[address] == nil, "\(address) was accepted twice")
    let record = EchoRecord(address, layers)
    records[address] = record
    all.append(record)
    return record
  }

  /// Keeps a connection that a handler has detached, or hands it to a loop.
  func take(_ connection: consuming DetachedConnection, _ record: EchoRecord) {
    record.wasDetached = true
    if ledger.happens(0.7), let loops = server?.loops {
      record.isHandedOver = true
      record.handle = ledger.element(of: loops).adopt(connection, service(record))
    } else if ledger.happens(0.5) {
      let kept = EchoDetached(connection)
      ledger.simulation.schedule(after: ledger.duration(upTo: .seconds(1))) { kept.drop() }
    }
  }

  /// Whether no connection is on its way from loop to loop.
  var hasSettled: Bool { all.allSatisfy { $0.phase != .detached || !$0.isHandedOver || !($0.handle?.isOpen ?? false) } }

  /// Checks that the handle of a connection that has ended reaches no other one.
  func checkGone() {
    guard let record = all.last(where: { $0.phase == .ended }), let handle = record.handle else { return }
    let reached: SocketAddress? = handle.withConnection { $0.remoteAddress }
    ledger.require(reached == nil, "the handle of \(record.address), which has ended, reaches another connection")
  }

  func checkEnds() {
    for record in all where record.phase != .ended && record.phase != .detached {
      ledger.report("\(record.address): the connection has not ended")
    }
  }
}

/// A connection that has left its server.
final class EchoDetached {
  private var connection: DetachedConnection?
  init(_ connection: consuming DetachedConnection) { self.connection = consume connection }
  func drop() { connection = nil }
}

/// The life of one connection, from handler to handler.
// Unchecked: a simulation stays on one thread.
final class EchoRecord: @unchecked Sendable {
  enum Phase { case made, open, ended, detached }

  let address: SocketAddress
  let layers: WireLayers
  var phase = Phase.made
  var handle: ConnectionHandle?
  /// The bytes that were taken from the input, and those that were written.
  var consumedCount = 0
  var writtenCount = 0
  var isOutputEnded = false
  /// Whether the server has asked for the end: then the rest of the input is not read.
  var isEndOfPeer = true
  /// The error that the connection has ended with.
  var error: (any Error)?
  var endsInOrder: Bool { phase == .ended && error == nil }
  /// Whether the handler has ended the connection before the filter was established that it had added.
  var endsDuringHandshake = false
  /// Whether nothing is read any more: only a peer that is gone ends the connection.
  var isPausedForGood = false
  /// Whether that began when the peer had ended its stream.
  var isHeldAtEnd = false
  var isHandedOver = false
  var wasDetached = false
  var isAborted = false
  /// Whether the handler has ever asked for a call of `react`, or was to have one behind a drain or another handler's end:
  /// several wakes may become one, at any time.
  var isWoken = false
  /// Whether the handler was offered bytes, unasked, while it had paused reading.
  var isOfferedInPause = false
  /// Whether the handler has left bytes that it could have taken.
  var hasLeftInput = false

  init(_ address: SocketAddress, _ layers: WireLayers) {
    self.address = address
    self.layers = layers
  }

  /// Whether the handler echoes all that arrives, sooner or later.
  var isEchoing: Bool { phase == .open && !isPausedForGood && !isOutputEnded && !isAborted && isEndOfPeer }
}
