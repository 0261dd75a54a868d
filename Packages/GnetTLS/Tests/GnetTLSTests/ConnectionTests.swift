import Gnet
import RingBuffer
import TestPeers
import TestSupport
import Testing

@testable import GnetTLS

@Suite("Connections")
struct ConnectionTests {
  @Test("both ends are told of the session in opened", arguments: [TLSVersion.v12, .v13])
  func opened(version: TLSVersion) throws {
    let (there, here) = (Notes(), Notes())
    let client = try TLSClient.test { $0.maximumVersion = version }
    try withServer(TLSServer.test(), there.service()) { _, port in
      try withClients { clients in
        let handle = clients.connect(
          to: "tcp://localhost:\(port)", options: ConnectOptions(client), here.service { $0.write("hi") },
          onFailure: here.fail)
        try require("the bytes arrive") { there.received == Array("hi".utf8) }
        #expect(here.newestSession?.version == version && there.newestSession?.version == version)
        #expect(there.newestSession?.serverName == "localhost")
        handle.close()
        try require("both ends are told") { here.all.count == 2 && there.all.count == 2 }
        #expect(here.all.values == ["opened", "closed: in order"])
        #expect(there.all.values == ["opened", "closed: in order"])
      }
    }
  }

  @Test("a certificate of another host is a failure to connect, and the server goes on")
  func refusal() throws {
    let (there, here) = (Notes(), Notes())
    let other = Certificate("other", "DNS:other.test", issuer: .authority)
    let server = try TLSServer(other.identity())
    try withServer(server, there.service()) { _, port in
      try withClients { clients in
        _ = clients.connect(
          to: "tcp://localhost:\(port)", options: ConnectOptions(try TLSClient.test()), here.service(),
          onFailure: here.fail)
        try require("the failure is told") { here.all.count == 1 }
        let reason = "the certificate of the peer is refused: hostname mismatch"
        #expect(here.all.values.first?.hasSuffix(reason) == true, "\(here.all.values)")
        try require("the server counts it") { server.statistics.failures == 1 }
        #expect(there.all.values.isEmpty)
      }
    }
  }

  @Test("a great many bytes are echoed while both sides wait for each other", arguments: [TLSVersion.v12, .v13])
  func backPressure(version: TLSVersion) throws {
    let bytes = pattern(isSanitized ? 1_000_000 : 5_000_000)
    let (count, failures) = (Counter(), Log<String>())
    var events = Events()
    events.onOpened = { connection in
      connection.write(bytes)
      return .none
    }
    events.react = { _, input in
      if !bytes.dropFirst(count.value).starts(with: input.peek(input.count)) { failures.add("wrong bytes") }
      count.add(input.count)
      input.removeAll()
      return .none
    }
    var options = Options()
    options.outboundHighWatermark = 65536
    options.outboundLowWatermark = 16384
    let (service, client) = try (Service(events), TLSClient.test { $0.maximumVersion = version })
    try withServer(TLSServer.test(), options: options) { _, port in
      try withClients { clients in
        clients.connect(to: "tcp://localhost:\(port)", options: ConnectOptions(client), service) {
          failures.add("\($0)")
        }
        try require("everything comes back", within: .seconds(60)) { count.value >= bytes.count || failures.count > 0 }
        #expect(count.value == bytes.count && failures.values.isEmpty, "\(failures.values)")
      }
    }
  }

  @Test("plain HTTP to the port of TLS is answered with nothing but the end")
  func plainHTTP() throws {
    let (server, notes) = try (TLSServer.test(), Notes())
    try withServer(server, notes.service()) { _, port in
      let client = try Client(port: port)
      try client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(try client.receiveToEnd().count <= 7)
      try require("the failure is counted") { server.statistics.failures == 1 }
      #expect(notes.all.values.isEmpty)
    }
  }

  @Test("half a hello, and silence, end when the time of the handshake is over", arguments: [0, 1, 3, 100])
  func silence(count: Int) throws {
    let hello = try Pair(TLSClient.test(), TLSServer.test()).client.takeSent()
    let server = try TLSServer.test { $0.handshakeTimeout = .milliseconds(200) }
    try withServer(server) { _, port in
      let client = try Client(port: port)
      try client.send(Array(hello.prefix(count)))
      let start = ContinuousClock.now
      #expect(try client.receiveToEnd().isEmpty)
      #expect(ContinuousClock.now - start > .milliseconds(150))
      try require("the failure is counted") { server.statistics.failures == 1 }
    }
  }

  @Test("a task learns of its session, on its loop and on another")
  func asynchronous() throws {
    let sessions = Log<TLSSession?>()
    let loops = try start([])
    let other = loops.server.loops[0]
    let service = Service(async: { connection in
      sessions.add(await connection.tls())
      await withTaskExecutorPreference(other) { sessions.add(await connection.tls()) }
      while let bytes = try await connection.read() { try await connection.write(bytes) }
    })
    let notes = Notes()
    try withServer(TLSServer.test(), service) { _, port in
      try withClients { clients in
        let handle = clients.connect(
          to: "tcp://localhost:\(port)", options: ConnectOptions(try TLSClient.test()), notes.service { $0.write("x") },
          onFailure: notes.fail)
        try require("the echo comes") { notes.received == [UInt8(ascii: "x")] }
        #expect(sessions.values.map { $0?.version } == [.v13, .v13])
        handle.close()
        try require("it ends") { notes.all.count == 2 }
      }
    }
  }

  @Test("a plain connection has no session")
  func plain() throws {
    let notes = Notes()
    let running = try start([Listener("tcp://127.0.0.1:0", notes.service())])
    let client = try Client(port: running.server.addresses[0].port!)
    try require("it is open") { notes.all.count == 1 }
    #expect(notes.newestSession == nil)
    client.close()
    running.shutdown()
    try running.wait()
  }
}

@Suite("Changing to TLS")
struct StartTLSTests {
  /// Speaks lines, and TLS after the line STARTTLS.
  struct LineServer: ConnectionHandler {
    let tls: TLSServer

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      while let end = input.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: input.read(end + 1), as: UTF8.self)
        connection.write("\(connection.tls == nil ? "plain" : "secret") \(line)")
        guard line == "STARTTLS\n" else { continue }
        do { try connection.addFilter(tls.filter) } catch { return .close }
        return .none
      }
      return .none
    }
  }

  /// Asks for TLS, and says a line over it.
  struct LineClient: ConnectionHandler {
    let tls: TLSClient
    let notes: Log<String>

    mutating func opened(_ connection: inout Connection) -> Action {
      connection.write("STARTTLS\n")
      return .none
    }

    mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
      while let end = input.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: input.read(end + 1), as: UTF8.self)
        notes.add(line)
        guard line == "plain STARTTLS\n" else { continue }
        do { try connection.addFilter(tls.filter) } catch { return .close }
        connection.write("hello\n")
        return .none
      }
      return .none
    }

    consuming func closed(_ connection: inout Connection, _ error: (any Error)?) {
      notes.add("closed: \(error.map { "\($0)" } ?? "in order")")
    }
  }

  @Test("a connection goes on over TLS in the middle")
  func change() throws {
    let notes = Log<String>()
    let (server, client) = try (TLSServer.test(), TLSClient.test())
    let running = try start([Listener("tcp://127.0.0.1:0", Service { _ in LineServer(tls: server) })])
    try withClients { clients in
      let handle = clients.connect(
        to: "tcp://localhost:\(running.server.addresses[0].port!)",
        Service { _ in LineClient(tls: client, notes: notes) }
      ) { notes.add("\($0)") }
      try require("the line comes back") { notes.count == 2 }
      handle.close()
      try require("it ends") { notes.count == 3 }
      #expect(notes.values == ["plain STARTTLS\n", "secret hello\n", "closed: in order"])
      #expect(server.statistics.handshakes == 1)
    }
    running.shutdown()
    try running.wait()
  }

  @Test(
    "the certificate must be of the host that the connection was asked for, or of serverName",
    arguments: [nil, "localhost"])
  func host(serverName: String?) throws {
    let notes = Log<String>()
    let other = Certificate("other", "DNS:other.test,IP:127.0.0.1", issuer: .authority)
    let (server, client) = try (TLSServer(other.identity()), TLSClient.test { $0.serverName = serverName })
    let running = try start([Listener("tcp://127.0.0.1:0", Service { _ in LineServer(tls: server) })])
    // The address that the host stands for would match.
    let host = serverName == nil ? "localhost" : "127.0.0.1"
    try withClients { clients in
      _ = clients.connect(
        to: "tcp://\(host):\(running.server.addresses[0].port!)", Service { _ in LineClient(tls: client, notes: notes) }
      ) { notes.add("\($0)") }
      try require("it ends") { notes.count == 2 }
      #expect(notes.values.last == "closed: the certificate of the peer is refused: hostname mismatch")
    }
    running.shutdown()
    try running.wait()
  }

  @Test("a client that does not trust the server ends the connection with its reason")
  func refusal() throws {
    let notes = Log<String>()
    let (server, client) = try (TLSServer.test(), TLSClient(trust: .pem(Certificate("other").pem)))
    let running = try start([Listener("tcp://127.0.0.1:0", Service { _ in LineServer(tls: server) })])
    try withClients { clients in
      _ = clients.connect(
        to: "tcp://localhost:\(running.server.addresses[0].port!)",
        Service { _ in LineClient(tls: client, notes: notes) }
      ) { notes.add("\($0)") }
      try require("it ends") { notes.count == 2 }
      #expect(
        notes.values.last == "closed: the certificate of the peer is refused: unable to get local issuer certificate")
    }
    running.shutdown()
    try running.wait()
  }
}

@Suite("Many connections", .serialized)
struct ManyConnectionTests {
  @Test("a thousand idle connections stay, and each is served", .timeLimit(.minutes(5)))
  func idle() throws {
    Descriptors.raiseLimit()
    let count = isSanitized ? 200 : 1000
    let (opened, echoed) = (Counter(), Counter())
    var events = Events()
    events.onOpened = { _ in
      opened.add()
      return .none
    }
    events.react = { _, input in
      echoed.add(input.count)
      input.removeAll()
      return .none
    }
    let (service, client) = try (Service(events), TLSClient.test())
    try withServer(TLSServer.test()) { server, port in
      try withClients { clients in
        let failures = Log<ConnectError>()
        let handles = (0..<count).map { _ in
          clients.connect(to: "tcp://127.0.0.1:\(port)", options: ConnectOptions(client), service) { failures.add($0) }
        }
        try require("all are open", within: .seconds(120)) { opened.value + failures.count == count }
        #expect(failures.values.isEmpty)
        // A client of TLS 1.3 is open before its server.
        try require("the server has them all", within: .seconds(120)) { server.connectionCount == count }
        for handle in handles { handle.write("x") }
        try require("all are served", within: .seconds(120)) { echoed.value == count }
      }
    }
  }

  @Test("a thousand handshakes over sockets leave no descriptors and no connections", .timeLimit(.minutes(5)))
  func handshakes() throws {
    let (server, client) = try (TLSServer.test(), TLSClient.test { $0.resumesSessions = false })
    let before = Descriptors.count
    try withServer(server) { running, port in
      try withClients { clients in
        let ended = Counter()
        var events = Events()
        events.onOpened = { _ in .close }
        events.onClosed = { _, error in
          check(error == nil, "\(String(describing: error))")
          ended.add()
          return .none
        }
        let service = Service(events)
        for round in 1...20 {
          for _ in 0..<50 {
            clients.connect(to: "tcp://127.0.0.1:\(port)", options: ConnectOptions(client), service) { error in
              check(false, "\(error)")
              ended.add()
            }
          }
          try require("all have ended", within: .seconds(60)) { ended.value == round * 50 }
        }
        try require("the server has let go of all") { running.connectionCount == 0 }
      }
    }
    #expect(server.statistics == TLSStatistics(handshakes: 1000))
    // Other tests open some at the same time.
    #expect(Descriptors.count < before + 500)
  }
}
