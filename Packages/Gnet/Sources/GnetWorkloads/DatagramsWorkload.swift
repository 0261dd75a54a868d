import Gnet
import GnetTesting

/// An echo server for datagrams, on one address or all, and datagrams of handles.
///
/// Checked are: answers go to the sender and carry what it has sent; without faults each datagram is answered once.
final class DatagramsWorkload {
  private let ledger: Ledger
  private var simulation: Simulation { ledger.simulation }
  private var clients: [Client] = []

  private final class Client {
    let peer: SimulatedDatagramPeer
    var sentCount = 0
    init(_ peer: SimulatedDatagramPeer) { self.peer = peer }
  }

  init(_ ledger: Ledger) {
    self.ledger = ledger
    ledger.simulation.drawFaults()
  }

  func run() throws {
    let ledger = ledger
    let options = ledger.drawOptions()
    var events = Events()
    events.react = { connection, input in
      let bytes = input.readAll()
      if ledger.happens(0.2) {
        let handle = connection.handle
        ledger.simulation.schedule(after: ledger.duration(upTo: .milliseconds(20))) { handle.write(bytes) }
      } else {
        connection.write(bytes)
      }
      return .none
    }
    let isShared = ledger.happens(0.3)
    let server = ledger.start([Listener("udp://:53\(isShared ? "?reuseport=true" : "")", Service(events))], options)
    let host = simulation.host("client")
    for index in 0..<ledger.number(in: 1...4) {
      clients.append(Client(simulation.openDatagramPeer(isIPv6: index % 2 == 1, on: host)))
    }
    let length = Duration.milliseconds(ledger.element(of: [5, 100, 1000]))
    for _ in 0..<ledger.number(in: 1...20) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [self] in send(ledger.number(in: 1...40)) }
    }
    if ledger.happens(0.2) {
      simulation.schedule(after: ledger.duration(upTo: length)) { [clients] in
        for index in 0..<40 { server.send(Self.datagram(index, 8), to: clients[0].peer.address, from: 0) }
      }
    }
    let isShutDown = ledger.happens(0.2)
    if isShutDown { simulation.schedule(after: ledger.duration(upTo: length)) { server.shutdown() } }
    ledger.scheduleOutages(of: simulation.localhost, within: length)
    try ledger.run(for: length)
    simulation.endFaults()
    try ledger.run(for: .seconds(10))
    if !isShutDown && server.failure == nil { try checkAnswers() }
    for client in clients { check(client) }
    try ledger.finish(server, options)
    ledger.checkDescriptors()
  }

  /// A datagram that tells its number, of a number of bytes.
  private static func datagram(_ number: Int, _ count: Int) -> [UInt8] {
    [UInt8(number & 255), UInt8(number >> 8 & 255)] + Pattern.bytes(number..<number + count)
  }

  private func send(_ count: Int) {
    let client = ledger.element(of: clients)
    let size = ledger.element(of: [0, 10, 1400, 9000])
    let host = simulation.localhost
    let address = SocketAddress(
      client.peer.address.family == .ipv6 ? "[\(host.addressIPv6.host!)]:53" : "\(host.address.host!):53")!
    for _ in 0..<count {
      let length = ledger.happens(0.1) ? ledger.below(size + 1) : size
      client.peer.send(Self.datagram(client.sentCount, length), to: address)
      client.sentCount += 1
    }
  }

  /// Has each client send once more, now that there are no faults.
  private func checkAnswers() throws {
    let before = clients.map(\.peer.received.count)
    for client in clients {
      let host = simulation.localhost
      let address = SocketAddress(
        client.peer.address.family == .ipv6 ? "[\(host.addressIPv6.host!)]:53" : "\(host.address.host!):53")!
      client.peer.send(Self.datagram(client.sentCount, 10), to: address)
      client.sentCount += 1
    }
    try ledger.run(
      "the answers", until: { [self] in zip(clients, before).allSatisfy { $0.peer.received.count > $1 } },
      within: .seconds(10))
    try ledger.run(for: .seconds(1))
    for (client, count) in zip(clients, before) {
      ledger.require(
        client.peer.received.count == count + 1, "a datagram has \(client.peer.received.count - count) answers")
    }
  }

  private func check(_ client: Client) {
    for (bytes, sender) in client.peer.received {
      ledger.require(sender.port == 53, "an answer comes from \(sender)")
      guard bytes.count >= 2 else { return ledger.report("an answer has \(bytes.count) bytes") }
      let number = Int(bytes[0]) | Int(bytes[1]) << 8
      ledger.require(number < max(client.sentCount, 40), "an answer was never sent")
      ledger.require(Pattern.matches(bytes.dropFirst(2), from: number), "an answer has other bytes than the datagram")
    }
  }
}
