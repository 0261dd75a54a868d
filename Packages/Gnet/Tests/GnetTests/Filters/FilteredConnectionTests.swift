import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("connections with a filter") struct FilteredConnectionTests {
  @Test("an echo sends everything back through a filter", arguments: StreamTransport.allCases)
  func echo(transport: StreamTransport) throws {
    try withFilter({ _ in Scrambler() }, Service(.echo), transport: transport) { server in
      let clients = try (0..<10).map { _ in try Client(server.addresses[0]) }
      for round in 1...20 {
        let bytes = pattern(round * 3_001)
        for client in clients { try client.send(Scrambler.scrambled(bytes)) }
        for client in clients {
          let isEqual = try client.receive(exactly: bytes.count) == Scrambler.scrambled(bytes)
          #expect(isEqual)
        }
      }
      try expectEnds(of: clients, at: server)
    }
  }

  @Test("a handler is opened after the handshake, and not before", arguments: StreamTransport.allCases)
  func opening(transport: StreamTransport) throws {
    let calls = Calls()
    let service = calls.service { connection in
      connection.write("welcome")
      return .none
    }
    try withFilter({ Framing($0) }, service, transport: transport) { server in
      let client = try Client(server.addresses[0])
      try client.send("hello 1\n")
      #expect(try client.receiveLine() == "hello 2")
      #expect(calls.values == [])
      #expect(server.loops[0].statistics.connectionsOpened == 0)
      try client.send("hello 3\n")
      #expect(try client.receiveLine() == "hello 4")
      #expect(try client.receiveFrame() == "welcome")
      try client.send(Framing.frame("one") + [0])
      try calls.waitForEnd()
      #expect(calls.values == ["opened", "react one", "closed in order"])
      #expect(try client.receiveToEnd() == [0])
      #expect(server.loops[0].statistics.filterFailures == 0)
    }
  }

  @Test("what comes along with the last message of a handshake is offered at once")
  func earlyBytes() throws {
    let calls = Calls()
    try withFilter({ Framing($0) }, calls.service()) { server in
      let client = try Client(server.addresses[0])
      try client.send(Array("hello 1\nhello 3\n".utf8) + Framing.frame("early") + [0])
      try calls.waitForEnd()
      #expect(calls.values == ["opened", "react early", "closed in order"])
      #expect(try client.receiveToEnd() == Array("hello 2\nhello 4\n".utf8) + [0])
    }
  }

  @Test("a peer that sends single bytes is understood as others are")
  func singleBytes() throws {
    let calls = Calls()
    try withFilter({ Framing($0) }, calls.service()) { server in
      let client = try Client(server.addresses[0])
      try client.setOption(6, 1, 1)
      for byte in Array("hello 1\nhello 3\n".utf8) + Framing.frame("abc") + [0] { try client.send([byte]) }
      try calls.waitForEnd()
      #expect(calls.values == ["opened", "react abc", "closed in order"])
      #expect(try client.receiveToEnd() == Array("hello 2\nhello 4\n".utf8) + [0])
    }
  }

  @Test("the handler finds its filter, and the filter knows the connection's addresses")
  func context() throws {
    let seen = Log<FilterContext>()
    let service = Service { connection in
      if let filter = connection.filter(Framing.self) { seen.add(filter.context) }
      #expect(connection.filter(Scrambler.self) == nil)
      return Greeter()
    }
    try withFilter({ Framing($0) }, service) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      try require("the handler is made") { seen.count == 1 }
      let context = seen.values[0]
      #expect(!context.isOutbound && context.requestedName == nil)
      #expect(context.localAddress == server.addresses[0])
      #expect(try context.remoteAddress == client.localAddress)
    }
  }

  private struct Greeter: ConnectionHandler {
    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
  }

  @Test("an address that a filter tells is the peer's, for the handler from the beginning")
  func toldAddress() throws {
    let told = SocketAddress("192.0.2.1:4711")!
    let seen = Log<SocketAddress>()
    let service = Service { connection in
      seen.add(connection.remoteAddress)
      return Greeter()
    }
    try withFilter({ _ in Telling(told) }, service) { server in
      let client = try Client(server.addresses[0])
      try require("the handler is made") { seen.count == 1 }
      #expect(seen.values == [told])
      client.close()
    }
  }

  private final class Telling: ConnectionFilter {
    let address: SocketAddress
    init(_ address: SocketAddress) { self.address = address }
    func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) -> FilterState {
      input.append(moving: &network)
      return .established(peer: address)
    }
    func send(_ output: inout RingBuffer, _ network: inout RingBuffer) { network.append(moving: &output) }
  }

  @Test("a task speaks through a filter")
  func async() throws {
    let service = Service(async: { connection in
      while let bytes = try await connection.read() { try await connection.write(bytes) }
      try await connection.write("bye")
    })
    try withFilter({ Framing($0) }, service) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      for text in ["one", "two", "three"] {
        try client.send(Framing.frame(text))
        #expect(try client.receiveFrame() == text)
      }
      try client.send([0])
      #expect(try client.receiveFrame() == "bye")
      #expect(try client.receiveToEnd() == [0])
    }
  }

  @Test("handles write, wake and perform through a filter, in order")
  func handles() throws {
    let handles = Log<ConnectionHandle>()
    var events = Events.echo
    events.logHandles(handles)
    try withFilter({ Framing($0) }, Service(events)) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      try require("the connection is open") { handles.count == 1 }
      let handle = handles.values[0]
      handle.write("a")
      handle.perform { connection in
        connection.write("b")
        return .none
      }
      handle.write("c")
      handle.close()
      #expect(Framing.unframed(try client.receiveToEnd()) == Array("abc".utf8))
      try require("the handle is of no use any more") { !handle.write("d") }
    }
  }

  @Test("a connection cannot be detached while it has a filter, and its handler is told")
  func detaching() throws {
    let calls = Log<String>()
    var events = Events()
    events.onClosed = { _, error in calls.note("closed \(code(error))") }
    events.onDetached = { _, _ in calls.note("detached") }
    events.react = { _, _ in .detach }
    try withFilter({ Framing($0) }, Service(events)) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      try client.send(Framing.frame("x"))
      #expect(try client.receiveToEnd() == [0])
      try require("it has ended") { calls.count == 1 }
      #expect(calls.values == ["closed \(Errno.notSupported.rawValue)"])
    }
  }

  @Test("plugins see the bytes that are sent, from the opening on")
  func preWrite() throws {
    let counts = Log<Int>()
    var events = Events.echo
    events.preWrite = { _, count in counts.add(count) }
    try withFilter({ Framing($0) }, Service(events)) { server in
      let client = try Client(server.addresses[0])
      try client.makeHandshake()
      try client.send(Framing.frame("four"))
      #expect(try client.receiveFrame() == "four")
      // The last message of the handshake leaves with the opening.
      #expect(counts.values == [8, 5])
    }
  }

  @Test("addresses of datagrams have no filters")
  func datagrams() throws {
    let listener = Listener("udp://127.0.0.1:0", Service(.echo), filter: { _ in Scrambler() })
    let error = #expect(throws: ServeError.self) { try start([listener]).shutdown() }
    #expect(error.map { "\($0)" }?.contains("filters are for streams") == true)
  }
}
