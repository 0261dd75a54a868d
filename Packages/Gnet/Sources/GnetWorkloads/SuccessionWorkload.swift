import Gnet
import GnetTesting

/// Servers that hand their listeners over, one after the other, while peers come and go; the first has bound its sockets, or
/// was given them.
///
/// Checked are: no peer is refused or cut; each has one server, which sends back everything; each datagram has one answer; the
/// file of a unix socket stays as long as there is a server, and then goes if a server has bound it.
final class SuccessionWorkload {
  private let ledger: Ledger
  private var simulation: Simulation { ledger.simulation }
  private let options: Options
  private var listeners: [Listener] = []
  private var servers: [Server] = []
  private var scripts: [EchoPeer] = []
  private var peer: SimulatedDatagramPeer?
  private var sentCount = 0
  private let isGiven: Bool
  private static let path = "/run/served"

  init(_ ledger: Ledger) {
    self.ledger = ledger
    ledger.simulation.drawFaults()
    isGiven = ledger.happens(0.5)
    var options = ledger.drawOptions()
    options.maxConnections = nil
    (options.idleTimeout, options.readTimeout) = (nil, nil)
    options.drainTimeout = .seconds(3600)
    // Datagrams for which there is no place are dropped.
    options.outboundHighWatermark = max(1000, options.outboundHighWatermark)
    options.lingerTimeout = .seconds(2)
    options.lingerLimit = .seconds(30)
    self.options = options
  }

  func run() throws {
    // Errors that a system call has by chance cost connections and datagrams.
    let network = simulation.network
    let isStrict = simulation.faults.callFailureProbability == 0
    let arrives =
      isStrict && network.resetProbability == 0 && network.refuseProbability == 0 && network.hangProbability == 0
    let addresses = makeListeners()
    servers = [ledger.start(listeners, options)]
    let length = Duration.milliseconds(ledger.element(of: [20, 500, 5000]))
    for _ in 0..<ledger.number(in: 1...8) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [self] in
        let peer = simulation.connect(to: ledger.element(of: addresses))
        scripts.append(EchoPeer(peer, ledger, length: length, isLazy: ledger.happens(0.2)))
      }
    }
    for _ in 0..<ledger.number(in: 1...3) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [self] in handOver() }
    }
    let datagrams = simulation.openDatagramPeer()
    for _ in 0..<ledger.number(in: 0...10) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [self] in
        sentCount += 1
        datagrams.send([UInt8(sentCount)], to: SocketAddress("127.0.0.1:53")!)
      }
    }
    ledger.scheduleOutages(of: simulation.localhost, within: length)
    try ledger.run(for: length)
    let loses = network.datagramLossProbability > 0 || network.datagramDuplicateProbability > 0
    simulation.endFaults()
    for script in scripts { script.finish() }
    try ledger.run(
      "the end of all connections",
      until: { [self] in servers.allSatisfy { $0.connectionCount == 0 } && scripts.allSatisfy(\.isOver) },
      within: .seconds(600))
    for script in scripts { check(script, arrives: arrives) }
    try ledger.run(for: .seconds(1))
    if isStrict && !loses {
      ledger.require(
        datagrams.received.count == sentCount, "\(sentCount) datagrams have \(datagrams.received.count) answers")
    }
    try finish()
  }

  /// Makes the listeners; of sockets that the first server is given, or of addresses. Returns the addresses of streams.
  private func makeListeners() -> [SocketAddress] {
    var events = Events()
    events.react = { connection, input in
      while !input.isEmpty, !connection.isOutputFull { connection.write(input.read(4096)) }
      return connection.isInputEnded && input.isEmpty ? .close : .none
    }
    events.onShutdown = { _ in .none }
    var datagrams = Events()
    datagrams.react = { connection, input in
      connection.write(moving: &input)
      return .none
    }
    let host = simulation.localhost
    let addresses = [SocketAddress("127.0.0.1:7000")!, SocketAddress("unix:\(Self.path)")!]
    let port = SocketAddress("127.0.0.1:53")!
    if isGiven {
      for address in addresses {
        let socket = host.openSocket(on: address, isListening: ledger.happens(0.5))!
        listeners.append(Listener(inheriting: socket, Service(events)))
      }
      listeners.append(Listener(inheriting: host.openSocket(on: port, isDatagram: true)!, Service(datagrams)))
    } else {
      listeners = [
        Listener("tcp://127.0.0.1:7000\(ledger.happens(0.3) ? "?reuseport=true" : "")", Service(events)),
        Listener("unix://\(Self.path)", Service(events)), Listener("udp://127.0.0.1:53", Service(datagrams)),
      ]
    }
    return addresses
  }

  /// Has another server take over; where faults prevent that, the server goes on.
  private func handOver() {
    guard let server = servers.last, !server.isShuttingDown else { return }
    do throws(ServeError) {
      servers.append(try simulation.handOver(server, to: listeners, options: options))
    } catch {
      ledger.require(!server.isShuttingDown, "a server has ended without a successor: \(error)")
    }
  }

  private func check(_ script: EchoPeer, arrives: Bool) {
    script.takeReceived()
    if !arrives || script.hasClosed { return }
    ledger.require(!script.peer.wasRefused, "\(script.peer.address) was refused")
    ledger.require(!script.peer.wasReset, "\(script.peer.address) was cut")
    ledger.require(
      script.receivedCount == script.sentCount,
      "\(script.peer.address): \(script.receivedCount) of \(script.sentCount) bytes have come back")
  }

  private func finish() throws {
    let host = simulation.localhost
    for server in servers.dropLast() where server.failure == nil {
      ledger.require(simulation.hasEnded(server), "a server has not ended that has handed its listeners over")
    }
    let last = servers[servers.count - 1]
    if last.failure == nil { ledger.require(host.hasFile(at: Self.path), "the path of a running server is gone") }
    for server in servers { try ledger.finish(server, options) }
    ledger.require(host.hasFile(at: Self.path) == isGiven, "the file of a unix socket is \(isGiven ? "gone" : "left")")
    ledger.checkDescriptors()
  }
}
