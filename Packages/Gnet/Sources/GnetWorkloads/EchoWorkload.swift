import Gnet
import GnetTesting

/// Echo servers whose handlers do all that handlers can do, and peers of all kinds; with filters below the protocol or without.
///
/// Checked are: the order and the number of a connection's callbacks; every byte, on both ways; no loss in a stream
/// that ends in order; no calls of a handler in a pause; a full echo and an end for every connection after the last
/// fault.
final class EchoWorkload {
  private let ledger: Ledger
  private var simulation: Simulation { ledger.simulation }
  private let options: Options
  private let tally: EchoTally
  private var scripts: [EchoPeer] = []
  private var layers: [WireLayers] = []
  private let isFiltered: Bool
  private let length: Duration
  /// Whether nothing happens that may cost a peer what it has not read yet.
  private var isGentle: Bool

  init(_ ledger: Ledger, isFiltered: Bool = false) {
    self.ledger = ledger
    self.isFiltered = isFiltered
    ledger.simulation.drawFaults()
    options = ledger.drawOptions()
    tally = EchoTally(ledger, options)
    length = .milliseconds(ledger.element(of: [20, 500, 5000]))
    let simulation = ledger.simulation
    isGentle =
      simulation.network.resetProbability == 0 && simulation.faults.callFailureProbability == 0
      && options.lingerTimeout == .seconds(2) && options.lingerLimit == .seconds(30) && options.maxConnections == nil
      && length < .seconds(1) && simulation.network.delay.upperBound < .milliseconds(100)
  }

  func run() throws {
    if ledger.happens(0.1) {
      simulation.localhost.descriptorLimit = ledger.number(in: 12...20)
      isGentle = false
    }
    var listeners = [listener("tcp://:7000", backlog: ledger.element(of: [1, 4, 128]))]
    if ledger.happens(0.4) { listeners.append(listener("unix:///run/echo")) }
    if ledger.happens(0.3) { listeners.append(listener("tcp6://[::1]:7001?reuseport=true")) }
    let server = ledger.start(listeners, options)
    tally.server = server
    let client = simulation.host("client")
    let remote = SocketAddress("\(simulation.localhost.address.host!):7000")!
    for _ in 0..<ledger.number(in: 1...8) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [self] in
        let index = ledger.below(listeners.count)
        let address = server.addresses[index]
        let peer =
          index == 0 && ledger.happens(0.6)
          ? simulation.connect(to: remote, from: client) : simulation.connect(to: address)
        scripts.append(
          EchoPeer(layers[index].peer(peer), ledger, length: length, isLazy: ledger.happens(0.2)))
      }
    }
    let isShutDown = ledger.happens(0.3)
    if isShutDown {
      (isGentle, tally.isShutDown) = (false, true)
      simulation.schedule(after: ledger.duration(upTo: length)) { server.shutdown() }
    }
    if ledger.happens(0.05) {
      isGentle = false
      simulation.schedule(after: ledger.duration(upTo: length / 2)) { [self] in
        simulation.partition(simulation.localhost, client)
      }
    }
    if ledger.scheduleOutages(of: simulation.localhost, within: length) { isGentle = false }
    try ledger.run(for: length)

    simulation.endFaults()
    tally.isFinishing = true
    for layers in layers { layers.isFaulty = false }
    // While nobody sends: what has arrived later would hide bytes that were forgotten.
    try ledger.run("the echo of all bytes", until: { [self] in scripts.allSatisfy(isAnswered) }, within: .seconds(60))
    for script in scripts { finish(script) }
    try ledger.run(
      "the end of all connections",
      until: { [self] in server.connectionCount == 0 && scripts.allSatisfy(\.isOver) && tally.hasSettled },
      within: .seconds(600))
    try checkAccepting(server)
    try ledger.finish(server, options)
    simulation.run(for: .seconds(1))
    for script in scripts { check(script) }
    tally.checkEnds()
    ledger.checkDescriptors()
  }

  private func listener(_ address: String, backlog: Int = 128) -> Listener {
    let drawn = isFiltered ? WireLayers.draw(ledger) : WireLayers.none(ledger)
    layers.append(drawn)
    return drawn.listener(address, tally.service(drawn), backlog: backlog)
  }

  /// Whether a peer has got back all that it has sent, or is not to get it.
  private func isAnswered(_ script: EchoPeer) -> Bool {
    if script.isOver || script.peer.fault != nil { return true }
    guard let record = tally.records[script.peer.address], record.isEchoing else { return true }
    return script.isEchoed
  }

  /// Has a peer end its stream. Nobody notices that where reading is paused: such a stream is reset.
  private func finish(_ script: EchoPeer) {
    guard let record = tally.records[script.peer.address], record.isPausedForGood else { return script.finish() }
    if !script.hasClosed { script.reset() }
    // The end of a unix socket's peer is no error: the handler keeps the bytes that it has left.
    if !script.hasReset || !script.peer.isTCP { record.handle?.abort() }
  }

  /// Checks that a running server still accepts after all faults.
  private func checkAccepting(_ server: Server) throws {
    if server.connectionCount > 0 || server.failure != nil || tally.isShutDown || options.maxConnections != nil {
      return
    }
    let peer = layers[0].peer(simulation.connect(to: server.addresses[0]))
    _ = peer.send(Pattern.bytes(0..<1))
    try ledger.run(
      "the last connection",
      until: { [tally] in tally.records[peer.address] != nil || tally.isShutDown || peer.isUnacceptable && peer.isEnded
      },
      within: .seconds(20))
    peer.reset()
    try ledger.run("the end of the last connection", until: { server.connectionCount == 0 }, within: .seconds(20))
  }

  /// Compares both ends of a stream.
  private func check(_ script: EchoPeer) {
    script.takeReceived()
    guard let record = tally.records[script.peer.address] else {
      return ledger.require(
        !isGentle || tally.isShutDown || script.hasClosed || !script.peer.isUnacceptable || !script.peer.lacksEnd,
        "\(script.peer.address) was not told why it is refused")
    }
    ledger.require(!script.peer.isUnacceptable, "\(script.peer.address) was opened, and should not have been")
    let name = "the stream of \(script.peer.address)"
    ledger.require(
      script.receivedCount <= record.writtenCount,
      "\(name): \(script.receivedCount) bytes were received, \(record.writtenCount) were written")
    ledger.require(
      record.consumedCount <= script.sentCount,
      "\(name): \(record.consumedCount) bytes were read, \(script.sentCount) were sent")
    let endsInOrder =
      script.peer.isEnded && !script.peer.wasReset && !script.hasClosed && !script.peer.isTruncated
    if script.peer.breaksRules && record.isEndOfPeer {
      ledger.require(
        !record.endsInOrder, "\(name): what breaks the rules of a filter is taken for the end of the stream")
    }
    if endsInOrder && record.endsInOrder {
      ledger.require(
        script.receivedCount == record.writtenCount,
        "\(name) ended in order: \(script.receivedCount) bytes were received, \(record.writtenCount) were written")
    }
    // With both streams ended, or a filter that has failed, the rest is offered in spite of a pause.
    if !script.hasClosed && !record.isOutputEnded && record.error == nil {
      ledger.require(!record.isOfferedInPause, "\(name): a handler that had paused was offered bytes")
    }
    if record.isHeldAtEnd && script.hasReset && script.peer.isTCP && record.isEndOfPeer && !record.isOutputEnded {
      ledger.require(!record.endsInOrder, "\(name): a reset behind the end of the stream was not noticed")
    }
    if isGentle && !tally.isShutDown && !script.hasClosed {
      ledger.require(
        !record.endsInOrder || record.endsDuringHandshake || !script.peer.lacksEnd,
        "\(name) ended in order, and the end of a filter is missing")
      // The new owner of a detached connection does not learn that its output has ended.
      let mayBreak = record.isOutputEnded && record.wasDetached
      let error = record.error as? Errno
      ledger.require(
        mayBreak || error != .brokenPipe && error != .connectionReset,
        "\(name): the peer is there, and the error \(error as Any)")
    }
    if script.hasReset && script.peer.isTCP && record.isEndOfPeer && !script.endsOutput {
      ledger.require(!record.endsInOrder, "\(name): a reset is taken for the end of the stream")
    }
    if isGentle && !tally.isShutDown && record.endsInOrder && !script.hasClosed {
      ledger.require(
        script.receivedCount == record.writtenCount,
        "\(name): a reset has destroyed output: \(script.receivedCount) of \(record.writtenCount) bytes were received")
    }
    if record.endsInOrder && record.isEndOfPeer && script.endsOutput && !script.hasClosed && !record.hasLeftInput {
      ledger.require(
        record.consumedCount == script.sentCount,
        "\(name) ended in order: \(record.consumedCount) bytes were read, \(script.sentCount) were sent")
    }
  }
}
