import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("outbound connections over UDP") struct ConnectDatagramTests {
  /// Notes the datagrams that arrive, and how the connection ends.
  private final class Peer: Sendable {
    let datagrams = Log<[UInt8]>()
    let events = Log<String>()
    let drains = Counter()

    func service(_ opened: @escaping @Sendable (inout Connection) -> Void = { _ in }) -> Service {
      Service { _ in Handler(peer: self, whenOpened: opened) }
    }

    @Sendable func fail(_ error: ConnectError) { events.add("failed \(error)") }

    struct Handler: ConnectionHandler {
      let peer: Peer
      let whenOpened: @Sendable (inout Connection) -> Void

      mutating func opened(_ connection: inout Connection) -> Action {
        peer.events.add("opened")
        whenOpened(&connection)
        return .none
      }
      mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
        // Only a part is taken: the rest of a datagram is dropped.
        peer.datagrams.add(input.read(100))
        return .none
      }
      mutating func timedOut(_ connection: inout Connection) -> Action { peer.events.note("timed out", then: .close) }
      consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
        peer.events.add("closed \(code(error))")
      }
    }
  }

  /// Serves `events`, and runs loops that connect there, for the length of `body`.
  private func withPeer(
    of events: Events = .echo, on address: String = "udp4://127.0.0.1:0", loopCount: Int = 1,
    options: Options = Options(),
    _ body: (_ peer: Peer, _ address: String, _ clients: Server) throws -> Void
  ) throws {
    try withServer(events, on: [address]) { server in
      try withClients(loopCount: loopCount, options: options) { try body(Peer(), "udp://\(server.address())", $0) }
    }
  }

  private func text(_ datagrams: Log<[UInt8]>) -> [String] {
    datagrams.values.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    "each write is a datagram, and each datagram one react", arguments: ["udp4://127.0.0.1:0", "udp6://[::1]:0"],
    [1, 2])
  func exchange(address: String, loopCount: Int) throws {
    try withPeer(on: address, loopCount: loopCount) { peer, address, clients in
      let service = peer.service { connection in
        connection.write("one")
        connection.write("two")
        connection.write([UInt8]())
      }
      let handle = clients.connect(to: address, service, onFailure: peer.fail)
      try require("three datagrams come back") { peer.datagrams.count == 3 }
      handle.write("three")
      handle.write("four")
      handle.perform { connection in
        #expect(connection.isOutbound && "udp://\(connection.remoteAddress)" == address)
        #expect(connection.localAddress.port != 0)
        connection.write("five")
        return .none
      }
      try require("all come back") { peer.datagrams.count == 6 }
      #expect(text(peer.datagrams) == ["one", "two", "", "three", "four", "five"])
      handle.close()
      try require("it is closed") { peer.events.count == 2 }
      #expect(peer.events.values == ["opened", "closed 0"])
      #expect(!handle.write("more"))
      try require("it is counted") { clients.connectionCount == 0 }
      let statistics = clients.loops.map(\.statistics)
      #expect(statistics.reduce(0) { $0 + $1.datagramsOut } == 6)
      #expect(statistics.reduce(0) { $0 + $1.datagramsIn } == 6)
    }
  }

  @Test("what the handle was given before it is connected keeps its bounds, and comes first")
  func earlyWrites() throws {
    try withPeer { peer, address, clients in
      let gate = try clients.loops[0].hold()
      let service = peer.service { $0.write("opened") }
      let handle = clients.connect(to: address, service, onFailure: peer.fail)
      for text in ["a", "b", "c"] { handle.write(text) }
      handle.wake()
      handle.write("d")
      gate.open()
      try require("all come back") { peer.datagrams.count >= 5 }
      #expect(text(peer.datagrams).filter { $0 != "" } == ["a", "b", "c", "opened", "d"])
    }
  }

  @Test("what was written before a close is sent, datagram by datagram")
  func writesBeforeClose() throws {
    let received = Log<String>()
    let events = Events { _, input in received.note(input.readText()) }
    try withPeer(of: events) { peer, address, clients in
      let handle = clients.connect(to: address, peer.service(), onFailure: peer.fail)
      try require("it is open") { peer.events.count == 1 }
      handle.perform { connection in
        for text in ["1", "2"] { connection.write(text) }
        connection.close()
        connection.write("dropped")
        return .none
      }
      try require("it is closed") { peer.events.values == ["opened", "closed 0"] }
      try require("both arrive") { received.count == 2 }
      #expect(received.values == ["1", "2"])
    }
  }

  @Test(
    "a port that refuses ends the connection with its error",
    .disabled(if: isKqueueEmulated, "libkqueue takes the error off the socket"), arguments: [false, true])
  func refused(isPaused: Bool) throws {
    let refusing = try Client(unconnectedTo: SocketName(port: 1), datagrams: true)
    try refusing.bind(to: SocketName(port: 0))
    let address = try refusing.localAddress
    refusing.close()
    try withClients { clients in
      let peer = Peer()
      let service = peer.service { connection in
        connection.isReadingPaused = isPaused
        connection.write("anyone?")
      }
      clients.connect(to: "udp://127.0.0.1:\(address.port!)", service, onFailure: peer.fail)
      try require("it is closed") { peer.events.count == 2 }
      #expect(peer.events.values == ["opened", "closed \(Errno.connectionRefused.rawValue)"])
    }
  }

  @Test("time-outs, wakes, other connections and a shutdown reach it as they reach all connections")
  func asAllConnections() throws {
    try withServer(.echo, on: ["udp4://127.0.0.1:0"]) { server in
      let peer = Peer()
      try withClients { clients in
        let timed = Peer()
        clients.connect(to: "udp://\(server.address())", timed.service { $0.setTimeout(.milliseconds(20)) })
        try require("its time is over") { timed.events.count == 3 }
        #expect(timed.events.values == ["opened", "timed out", "closed \(Errno.timedOut.rawValue)"])

        let handle = clients.connect(to: "udp://\(server.address())", peer.service(), onFailure: peer.fail)
        try require("it is open") { peer.events.count == 1 }
        clients.loops[0].schedule(after: .zero) {
          _ = handle.withConnection { connection in
            connection.write("within")
            connection.write("loop")
          }
        }.keep()
        try require("both come back") { peer.datagrams.count == 2 }
        #expect(text(peer.datagrams) == ["within", "loop"])
        handle.wake()
        try require("the wake is served") { peer.datagrams.count == 3 }
        #expect(peer.datagrams.values[2] == [])
      }
      #expect(peer.events.values == ["opened", "closed 0"])
    }
  }

  @Test("datagrams pass a full kernel buffer in order, within the watermark", arguments: [1, 40])
  func burst(rounds: Int) throws {
    let received = Counter()
    let events = Events { _, input in
      received.add(input.count)
      input.removeAll()
      return .none
    }
    let plan = FaultPlan()
    plan.fail(.sendDatagrams, with: .wouldBlock, times: rounds)
    try withPeer(of: events, options: Options(faults: plan)) { peer, address, clients in
      let service = peer.service { connection in
        for _ in 0..<50 { connection.write([UInt8](repeating: 1, count: 20)) }
      }
      clients.connect(to: address, service, onFailure: peer.fail)
      try require("all arrive") { received.value == 1000 }
      #expect(plan.remaining == 0)
      try require("nothing waits") { clients.loops[0].statistics.pendingOutputBytes == 0 }
    }
  }

  @Test("a datagram that is too long is dropped, and the connection goes on")
  func tooLong() throws {
    try withPeer { peer, address, clients in
      let service = peer.service { connection in
        connection.write([UInt8](repeating: 1, count: 70_000))
        connection.write("short")
      }
      clients.connect(to: address, service, onFailure: peer.fail)
      try require("the short one comes back") { peer.datagrams.count == 1 }
      #expect(text(peer.datagrams) == ["short"])
    }
  }

  @Test("detaching closes, and ending the output does nothing")
  func withoutStream() throws {
    try withPeer { peer, address, clients in
      let service = peer.service { connection in
        connection.endOutput()
        connection.write("still there")
      }
      let handle = clients.connect(to: address, service, onFailure: peer.fail)
      try require("it comes back") { peer.datagrams.count == 1 }
      handle.perform { _ in .detach }
      try require("it is closed") { peer.events.values == ["opened", "closed 0"] }
    }
  }
}
