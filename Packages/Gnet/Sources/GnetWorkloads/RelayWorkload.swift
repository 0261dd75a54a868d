import Gnet
import GnetTesting

/// Two servers that talk: a proxy relays to an echo server on another host, with filters on either side of it or without.
///
/// Checked are: the bytes and their order; no loss in a stream that ends in order; the passage of half-closes.
final class RelayWorkload {
  private let ledger: Ledger
  private var simulation: Simulation { ledger.simulation }
  private var scripts: [EchoPeer] = []
  private let isFiltered: Bool

  init(_ ledger: Ledger) {
    self.ledger = ledger
    isFiltered = ledger.happens(0.5)
    ledger.simulation.drawFaults()
  }

  func run() throws {
    // An error that a system call has by chance ends a connection in order, for its peer.
    let isStrict = simulation.faults.callFailureProbability == 0
    var options = ledger.drawOptions()
    options.maxConnections = nil
    (options.idleTimeout, options.readTimeout) = (nil, nil)
    options.lingerTimeout = .seconds(2)
    options.lingerLimit = .seconds(30)
    options.outboundHighWatermark = max(1, options.outboundHighWatermark)
    let host = simulation.host("backend")
    var echo = Events()
    echo.react = { connection, input in
      while !input.isEmpty, !connection.isOutputFull { connection.write(input.read(4096)) }
      return connection.isInputEnded && input.isEmpty ? .close : .none
    }
    let (front, back) =
      isFiltered
      ? (WireLayers.drawFilter(ledger), WireLayers.drawFilter(ledger))
      : (WireLayers.none(ledger), WireLayers.none(ledger))
    let backend = ledger.start([back.listener("tcp://:80", Service(echo))], options, on: host)
    let proxy = ledger.start(
      [front.listener("tcp://:7000", relaying(to: "tcp://backend:80", back.connectOptions))], options)
    let length = Duration.milliseconds(ledger.element(of: [20, 500, 5000]))
    for _ in 0..<ledger.number(in: 1...6) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [self] in
        let peer = front.peer(simulation.connect(to: proxy.addresses[0]))
        scripts.append(EchoPeer(peer, ledger, length: length, isLazy: ledger.happens(0.2)))
      }
    }
    ledger.scheduleOutages(of: host, within: length)
    try ledger.run(for: length)
    simulation.endFaults()
    for script in scripts { script.finish() }
    try ledger.run(
      "the end of all relays",
      until: { [self] in
        proxy.connectionCount == 0 && backend.connectionCount == 0 && scripts.allSatisfy(\.isOver)
      }, within: .seconds(600))
    for script in scripts {
      script.takeReceived()
      guard isStrict, script.endsOutput, script.peer.isEnded, !script.peer.wasReset, !script.peer.wasRefused,
        !script.peer.isTruncated
      else { continue }
      ledger.require(
        script.receivedCount == script.sentCount,
        "a relayed stream ended in order: \(script.receivedCount) of \(script.sentCount) bytes have come back")
    }
    try ledger.finish(proxy, options)
    try ledger.finish(backend, options, on: host)
    ledger.checkDescriptors()
    ledger.checkDescriptors(of: host)
  }
}
