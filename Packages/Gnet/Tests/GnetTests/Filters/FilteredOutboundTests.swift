import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet
@testable import GnetWorkloads

@Suite("outbound connections with a filter") struct FilteredOutboundTests {
  private static var options: ConnectOptions {
    var options = ConnectOptions()
    options.filter = { Framing($0) }
    return options
  }

  @Test("both sides make their handshake, and speak through it", arguments: StreamTransport.allCases)
  func bothSides(transport: StreamTransport) throws {
    try withFilter({ Framing($0) }, Service(.echo), transport: transport) { server in
      try withClients { clients in
        let dialled = DialledConnection()
        let names = Log<String?>()
        let service = dialled.service { connection in
          names.add(connection.filter(Framing.self)?.context.requestedName)
          connection.write(", opened")
        }
        let address = server.addresses[0].text
        let handle = clients.connect(to: address, options: Self.options, service, onFailure: dialled.fail)
        handle.write("first")
        try require("it has come back") { dialled.received == "first, opened" }
        #expect(names.values == [server.addresses[0].path ?? server.addresses[0].host])
        handle.write("bad!")
        try require("it has ended") { dialled.events.count == 2 }
        let statistics = clients.loops[0].statistics
        #expect(statistics.connectionsOutbound == 1 && statistics.connectFailures == 0)
      }
    }
  }

  /// Connects to a server that does as `body` says, and returns the events of the connection.
  private func events(
    _ options: ConnectOptions = Self.options, _ body: @escaping @Sendable (inout Connection, inout RingBuffer) -> Action
  ) throws -> [String] {
    let dialled = DialledConnection()
    try withService(Service(Events(react: body))) { server in
      try withClients { clients in
        let address = server.addresses[0].text
        let handle = clients.connect(to: address, options: options, dialled.service(), onFailure: dialled.fail)
        try require("it has failed") { dialled.events.count > 0 }
        #expect(!handle.isOpen)
        #expect(clients.connectionCount == 0)
        try require("it is counted") { clients.loops[0].statistics.connectFailures == 1 }
        #expect(clients.loops[0].statistics.connectionsOpened == 0)
      }
    }
    return dialled.events.values.map { $0.replacing("failed the filter of the connection to ", with: "") }
  }

  /// The text behind the address in a failure.
  private func reason(_ events: [String]) throws -> String {
    #expect(events.count == 1)
    return String(try #require(events.first?.split(separator: "\" ").last))
  }

  @Test("a handshake that fails is told with the filter's reason, and the peer gets the alert")
  func failure() throws {
    let received = Log<String>()
    let events = try events { connection, input in
      let text = String(decoding: input.readAll(), as: UTF8.self)
      received.add(text)
      if text.hasPrefix("hello 1") { connection.write("nonsense\n") }
      return .none
    }
    #expect(try reason(events) == "failed: an unexpected message")
    #expect(received.values.joined() == "hello 1\nalert\n")
  }

  @Test("a server that goes in the middle of the handshake is told with the filter's reason")
  func gone() throws {
    let events = try events { connection, input in
      input.removeAll()
      connection.write("hello 2")
      return .close
    }
    #expect(try reason(events) == "failed: truncated")
  }

  @Test(
    "a server that resets in the middle of the handshake is told as the error that it is",
    .disabled(if: isKqueueEmulated, "libkqueue takes the error off the socket"))
  func reset() throws {
    let events = try events { connection, _ in
      connection.abort()
      return .none
    }
    #expect(events.count == 1 && events[0].hasPrefix("failed recv failed for address"))
  }

  @Test("the handshake is within the time limit of connecting")
  func timeout() throws {
    var options = Self.options
    options.timeout = .milliseconds(150)
    let events = try events(options) { _, input in
      input.removeAll()
      return .none
    }
    #expect(events.count == 1 && events[0].contains("took too long"))
  }

  @Test("a factory that throws is the failure")
  func factory() throws {
    var options = ConnectOptions()
    options.filter = { _ in throw Framing.Failure(description: "not made") }
    #expect(try reason(try events(options) { _, _ in .none }) == "failed: not made")
  }

  @Test("a connection is taken back during its handshake, and nobody is called", arguments: [false, true])
  func takingBack(byAbort: Bool) throws {
    let opened = Counter()
    let ends = Log<Int32>()
    var events = Events()
    events.onOpened = { _ in opened.note() }
    events.logEnds(ends)
    try withService(Service(events)) { server in
      try withClients { clients in
        let dialled = DialledConnection()
        let handle = clients.connect(
          to: server.addresses[0].text, options: Self.options, dialled.service(), onFailure: dialled.fail)
        try require("the server has the connection") { opened.value == 1 }
        if byAbort { handle.abort() } else { handle.close() }
        try require("the server's end") { ends.count == 1 }
        #expect(dialled.events.count == 0 && !handle.isOpen)
        #expect(clients.loops[0].statistics.connectFailures == 0)
      }
    }
  }

  @Test("a shutdown ends a handshake, and tells it")
  func shutdown() throws {
    let opened = Counter()
    var events = Events()
    events.onOpened = { _ in opened.note() }
    try withService(Service(events)) { server in
      let dialled = DialledConnection()
      try withClients { clients in
        clients.connect(
          to: server.addresses[0].text, options: Self.options, dialled.service(), onFailure: dialled.fail)
        try require("the server has the connection") { opened.value == 1 }
      }
      #expect(dialled.events.values == ["failed the server is shutting down"])
    }
  }

  @Test("a second address of a host is tried before the filter begins")
  func race() throws {
    try withFilter({ Framing($0) }, Service(.echo)) { server in
      try withClients { clients in
        let dialled = DialledConnection()
        let names = Log<String?>()
        let service = dialled.service { connection in
          names.add(connection.filter(Framing.self)?.context.requestedName)
        }
        let address = "localhost:\(server.addresses[0].port!)"
        let handle = clients.connect(to: address, options: Self.options, service, onFailure: dialled.fail)
        handle.write("through")
        try require("it has come back") { dialled.received == "through" }
        #expect(names.values == ["localhost"])
      }
    }
  }

  @Test("a filter that is added later knows the host that was asked for")
  func added() throws {
    try withService(Service(.echo)) { server in
      try withClients { clients in
        let dialled = DialledConnection()
        let contexts = Log<FilterContext>()
        let service = dialled.service { connection in
          try? connection.addFilter { context in
            contexts.add(context)
            return Framing(context)
          }
        }
        let port = server.addresses[0].port!
        clients.connect(to: "localhost:\(port)", service, onFailure: dialled.fail)
        try require("the filter is made") { contexts.count == 1 }
        #expect(contexts.values[0].requestedName == "localhost" && contexts.values[0].isOutbound)
      }
    }
  }

  @Test("datagrams have no filter")
  func datagrams() throws {
    try withClients { clients in
      let dialled = DialledConnection()
      clients.connect(
        to: "udp://127.0.0.1:9", options: Self.options, dialled.service(), onFailure: dialled.fail)
      try require("it has failed") { dialled.events.count == 1 }
      #expect(dialled.events.values[0].contains("filters are for streams"))
    }
  }

  @Test(
    "a relay passes both ways between a connection with a filter and one without", arguments: [1, 2], [false, true])
  func relay(loopCount: Int, filtersBackend: Bool) throws {
    let events = Events { connection, input in
      connection.write(moving: &input)
      if connection.isInputEnded { connection.endOutput() }
      return .none
    }
    var options = Options()
    options.allowHalfClosure = true
    var backend = Listener("tcp://127.0.0.1:0", Service(events))
    if filtersBackend { backend.filter = { Framing($0) } }
    try withListeners([backend], options: options) { server in
      let connecting = filtersBackend ? Self.options : ConnectOptions()
      let front = Listener(
        "tcp://127.0.0.1:0", filteredRelaying(to: server.addresses[0].text, connecting), filter: { Framing($0) })
      try withListeners([front], options: Options(loopCount: loopCount)) { relay in
        let bytes = pattern(2_000_000)
        let client = try Client(relay.addresses[0])
        try client.makeHandshake()
        let writer = client.sendInBackground(Framing.frames(bytes) + [0])
        let isWhole = try Framing.unframed(client.receiveToEnd()) == bytes
        #expect(isWhole)
        writer.join()
        client.close()
        try require("all have ended") { relay.connectionCount == 0 }
      }
    }
  }
}

/// A service that relays each of its connections to a backend.
private func filteredRelaying(to backend: String, _ options: ConnectOptions) -> Service {
  Service { _ in FilteredFront(backend: backend, options: options) }
}

private struct FilteredFront: ConnectionHandler {
  let backend: String
  let options: ConnectOptions

  static var isFullDuplex: Bool { true }

  mutating func opened(_ connection: inout Connection) -> Action {
    connection.isReadingPaused = true
    let front = connection.handle
    connection.loop.connect(to: backend, options: options, Service { _ in Back(front: front) }) { _ in front.abort() }
    return .none
  }
  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action { .none }
}
