import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("outbound connections") struct ConnectTests {
  @Test("a connection is opened, exchanges bytes and is closed", arguments: StreamTransport.allCases, [1, 2])
  func exchange(transport: StreamTransport, loopCount: Int) throws {
    try withServer(.echo, on: [transport.address()]) { server in
      try withClients(loopCount: loopCount) { clients in
        let dialled = DialledConnection()
        let facts = Log<[String]>()
        let service = dialled.service { connection in
          facts.add(["\(connection.isOutbound)", "\(connection.addressIndex)", "\(connection.remoteAddress)"])
          connection.write("hello")
        }
        let handle = clients.connect(to: server.address().text, service, onFailure: dialled.fail)
        try require("the echo arrives") { dialled.received == "hello" }
        #expect(facts.values == [["true", "-1", "\(server.address())"]])
        #expect(clients.connectionCount == 1)
        #expect(handle.isOpen)
        #expect(handle.close())
        try require("it is closed") { dialled.events.count == 2 }
        #expect(dialled.events.values == ["opened", "closed 0"])
        #expect(!handle.write("more"))
      }
    }
  }

  @Test("what the handle was given before leaves first, and its calls come after opened, in their order")
  func earlyCalls() throws {
    try withServer(.echo) { server in
      try withClients { clients in
        let dialled = DialledConnection()
        // The loop is busy until all calls are queued.
        let gate = try clients.loops[0].hold()
        let service = dialled.service { $0.write("opened,") }
        let handle = clients.loops[0].connect(to: server.address().text, service, onFailure: dialled.fail)
        #expect(handle.withConnection { _ in } == nil)
        #expect(handle.write("one,"))
        #expect(handle.write("two,"))
        handle.perform { connection in
          connection.write("three,")
          return .none
        }
        #expect(handle.write("four"))
        gate.open()
        try require("everything comes back") { dialled.received == "one,two,opened,three,four" }
      }
    }
  }

  @Test("writes to a connection that is being established are bounded by the watermark")
  func boundedEarlyWrites() throws {
    var options = Options()
    options.outboundHighWatermark = 1000
    let listener = try fullListener()
    try withClients(options: options) { clients in
      let dialled = DialledConnection()
      let handle = clients.connect(to: listener.address.text, dialled.service(), onFailure: dialled.fail)
      #expect(handle.offer([UInt8](repeating: 1, count: 999)) == .taken)
      #expect(handle.offer([1]) == .taken)
      #expect(handle.offer([1]) == .full)
      handle.close()
      #expect(handle.offer([1]) == .gone)
    }
  }

  @Test("close and abort take a connection back before it is established: nothing is called", arguments: [false, true])
  func takenBack(isAborting: Bool) throws {
    let listener = try fullListener()
    try withClients { clients in
      let dialled = DialledConnection()
      let handle = clients.connect(to: listener.address.text, dialled.service(), onFailure: dialled.fail)
      try require("it is connecting") { clients.loops[0].statistics.connectAttempts == 1 }
      handle.write("never sent")
      #expect(isAborting ? handle.abort() : handle.close())
      try require("the handle is of no use") { !handle.isOpen && handle.abort() == false }
      #expect(dialled.events.values == [])
      #expect(clients.loops[0].statistics.connectFailures == 0)
    }
  }

  @Test("a callback connects on its own loop, and two connections of the loop reach each other")
  func fromCallback() throws {
    try withServer(.echo) { backend in
      let address = backend.address().text
      let events = Events { connection, input in
        let (request, front) = (input.readAll(), connection.handle)
        let answering = Service { _ in Answering(front: front) }
        connection.loop.connect(to: address, answering).write(request)
        return .none
      }
      try withServer(events) { server in
        let client = try Client(server.address())
        try client.expectEcho("through")
        #expect(server.server.loops[0].statistics.wakeups == 0)
      }
    }
  }

  private struct Answering: ConnectionHandler {
    let front: ConnectionHandle
    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      let bytes = input.readAll()
      return front.withConnection { $0.write(bytes) } == nil ? .close : .none
    }
  }

  @Test(
    "a host name is looked up, and the version of IP that refuses gives way to the other",
    arguments: [
      "tcp://localhost", "tcp4://localhost",
    ])
  func hostName(target: String) throws {
    try withServer(.echo, on: ["tcp4://127.0.0.1:0"]) { server in
      try withClients { clients in
        let dialled = DialledConnection()
        let service = dialled.service { $0.write("hello") }
        clients.connect(to: "\(target):\(server.address().port!)", service, onFailure: dialled.fail)
        try require("the echo arrives") { dialled.received == "hello" }
      }
    }
  }

  @Test("a connection comes from the local address that was asked for")
  func localAddress() throws {
    let peers = Log<String?>()
    var events = Events()
    events.onOpened = { connection in peers.note(connection.remoteAddress.host) }
    try withServer(events) { server in
      try withClients { clients in
        var options = ConnectOptions()
        options.localAddress = "127.0.0.2:0"
        options.tcpKeepAlive = .seconds(30)
        options.socketSendBuffer = 65536
        options.socketReceiveBuffer = 65536
        let dialled = DialledConnection()
        clients.connect(to: server.address().text, options: options, dialled.service(), onFailure: dialled.fail)
        try require("the peer is known") { peers.count == 1 }
        #expect(peers.values == ["127.0.0.2"])
      }
    }
  }

  @Test("ten thousand connects in a burst are all opened or all told why not")
  func burst() throws {
    let count = 10_000
    try withServer(.echo) { server in
      let outcomes = Counter()
      let opened = Counter()
      let service = Service { _ in Closing(opened: opened, outcomes: outcomes) }
      try withListeners([], options: Options(loopCount: 2)) { clients in
        for _ in 0..<count {
          clients.connect(to: server.address().text, service) { _ in outcomes.add() }
        }
        try require("each has an outcome") { outcomes.value == count }
        #expect(opened.value > 0)
        try require("none is left") { clients.connectionCount == 0 }
        let statistics = clients.loops.map(\.statistics)
        #expect(statistics.reduce(0) { $0 + $1.connectAttempts } == UInt64(count))
        #expect(statistics.reduce(0) { $0 + $1.connectFailures + $1.connectionsOutbound } == UInt64(count))
      }
    }
  }

  private struct Closing: ConnectionHandler {
    let opened: Counter
    let outcomes: Counter
    mutating func opened(_ connection: inout Connection) -> Action { opened.note(then: .close) }
    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) { outcomes.add() }
  }

  @Test(
    "connections are dealt to the loops as the options say",
    arguments: [
      (LoadBalancing.roundRobin, [2, 2]), (.leastConnections, [2, 2]), (.sourceAddressHash, [0, 4]),
    ])
  func balancing(policy: LoadBalancing, expected: [Int]) throws {
    try withServer(.echo) { server in
      var options = Options()
      options.loadBalancing = policy
      try withClients(loopCount: 2, options: options) { clients in
        for count in 1...4 {
          clients.connect(to: server.address().text, DialledConnection().service())
          try require("it is open") {
            clients.loops.reduce(0) { $0 + $1.statistics.connectionsActive } == UInt64(count)
          }
        }
        #expect(clients.loops.map { Int($0.statistics.connectionsActive) }.sorted() == expected)
      }
    }
  }
}

/// A listener whose queue is full: further connections neither succeed nor fail.
func fullListener() throws -> FullListener { try FullListener() }

/// A TCP listener whose queue is full.
final class FullListener {
  private let listener: SilentListener
  private var clients: [Client] = []
  var address: SocketAddress { listener.address }

  init() throws {
    listener = try SilentListener()
    // The queue of backlog 0 takes one; the next one's handshake is not answered any more.
    clients.append(try Client(listener.address))
  }
}
