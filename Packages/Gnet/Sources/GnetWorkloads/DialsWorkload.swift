import Gnet
import GnetTesting

/// Outbound connections to hosts that answer, refuse, hang, or do not exist, with a filter or without.
///
/// Checked are: each attempt has one outcome, in time; what was written before the connection was established comes first.
final class DialsWorkload {
  private let ledger: Ledger
  private var simulation: Simulation { ledger.simulation }
  private var attempts: [Attempt] = []
  private let layers: WireLayers
  /// The address of a host whose peers have a filter.
  private static let filtered = "other:82"

  // Unchecked: a simulation stays on one thread.
  private final class Attempt: @unchecked Sendable {
    var handle: ConnectionHandle?
    var openCount = 0
    var failureCount = 0
    var endCount = 0
    var isTakenBack = false
    var writtenCount = 0
    var deadline = Duration.zero
    var outcomeCount: Int { openCount + failureCount }
  }

  init(_ ledger: Ledger) {
    self.ledger = ledger
    ledger.simulation.drawFaults()
    layers = .drawFilter(ledger)
    layers.isFaulty = true
  }

  func run() throws {
    let options = ledger.drawOptions()
    let server = ledger.start([], options)
    let other = simulation.host("other")
    let address = SocketAddress("\(other.address.host!):80")!
    let listener = simulation.listen(on: address, host: other)
    let listenerIPv6 =
      ledger.happens(0.5) ? simulation.listen(on: SocketAddress("[\(other.addressIPv6.host!)]:80")!, host: other) : nil
    let unix = simulation.listen(on: SocketAddress("unix:/run/x")!)
    for each in [listener, listenerIPv6, unix] { each?.onConnection = { [ledger] peer in Self.follow(peer, ledger) } }
    let filtered = simulation.listen(on: SocketAddress("\(other.address.host!):82")!, host: other)
    filtered?.onConnection = { [layers] peer in Self.follow(layers.server(peer), layers.ledger) }
    let length = Duration.milliseconds(ledger.element(of: [20, 1000, 20_000]))
    for _ in 0..<ledger.number(in: 1...12) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [self] in dial(server, length) }
    }
    if ledger.happens(0.2) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [simulation] in
        simulation.partition(simulation.localhost, other)
      }
    }
    if ledger.happens(0.3) { simulation.schedule(after: ledger.duration(upTo: length)) { server.shutdown() } }
    ledger.scheduleOutages(of: simulation.localhost, within: length)
    try ledger.run(for: length)
    simulation.endFaults()
    try ledger.run(for: .seconds(30))
    for attempt in attempts where !attempt.isTakenBack {
      ledger.require(attempt.outcomeCount == 1, "an attempt to connect has \(attempt.outcomeCount) outcomes")
    }
    try ledger.finish(server, options)
    for attempt in attempts {
      ledger.require(attempt.outcomeCount <= 1, "an attempt to connect has \(attempt.outcomeCount) outcomes")
      ledger.require(
        attempt.endCount == attempt.openCount, "an outbound connection has ended \(attempt.endCount) times")
    }
    ledger.checkDescriptors()
  }

  /// Accepts a connection, and at some time ends it. The input has its pattern from the first byte on.
  private static func follow(_ peer: any PeerStream, _ ledger: Ledger) {
    let simulation = ledger.simulation
    simulation.schedule(after: ledger.duration(upTo: .seconds(1))) {
      ledger.require(
        Pattern.matches(peer.receive(), from: 0), "an outbound connection sends other bytes than were written")
      switch ledger.below(4) {
      case 0: peer.close()
      case 1: peer.reset()
      case 2: peer.endOutput()
      default: break
      }
    }
  }

  private func dial(_ server: Server, _ length: Duration) {
    let (ledger, attempt) = (ledger, Attempt())
    attempts.append(attempt)
    var events = Events()
    events.onOpened = { _ in
      attempt.openCount += 1
      return .none
    }
    events.react = { connection, input in
      input.removeAll()
      return connection.isInputEnded ? .close : .none
    }
    events.onClosed = { _, _ in
      attempt.endCount += 1
      return .none
    }
    var options = ConnectOptions()
    options.timeout = ledger.element(of: [.milliseconds(1), .milliseconds(300), .seconds(10)])
    if ledger.happens(0.1) { options.localAddress = "\(simulation.localhost.address.host!):0" }
    let target = ledger.element(of: [
      "other:80", "other:80", "other:81", "10.0.0.2:80", "nowhere:80", "10.9.9.9:80", "unix:///run/x", "unix:///run/y",
      "x",
      "udp://other:53", "localhost:1", Self.filtered, Self.filtered,
    ])
    if target == Self.filtered { options.filter = layers.connectOptions.filter }
    let isEarly = ledger.happens(0.7)
    let handle = ledger.element(of: server.loops).connect(to: target, options: options, Service(events)) { _ in
      attempt.failureCount += 1
      ledger.require(attempt.openCount == 0, "an attempt fails that has succeeded")
    }
    if isEarly && !target.hasPrefix("udp") {
      let count = ledger.number(in: 0...200)
      if handle.write(Pattern.bytes(0..<count)) { attempt.writtenCount = count }
    }
    if ledger.happens(0.3) {
      simulation.schedule(after: ledger.duration(upTo: length)) {
        attempt.isTakenBack = true
        if ledger.happens(0.5) { handle.close() } else { handle.abort() }
      }
    }
  }
}
