import Testing

@testable import GnetTLS

@Suite("Resumption", .serialized)
struct ResumptionTests {
  /// Connects, and returns whether an earlier session was resumed.
  static func connect(
    _ client: TLSClient, _ server: TLSServer, host: String = "localhost", port: Int = 1
  ) throws -> Bool {
    let pair = try Pair(client, server, host: host, port: port)
    try pair.exchange()
    #expect(pair.client.isEstablished && pair.server.isEstablished)
    #expect(pair.client.session?.isResumed == pair.server.session?.isResumed)
    #expect(pair.client.session?.peerCertificate != nil)
    try pair.client.send([1])
    try pair.exchange()
    #expect(pair.server.takeInput() == [1])
    return pair.server.session?.isResumed == true
  }

  static func client(_ version: TLSVersion, _ configure: (inout TLSClient.Configuration) -> Void = { _ in }) throws
    -> TLSClient
  {
    try TLSClient.test {
      $0.maximumVersion = version
      configure(&$0)
    }
  }

  @Test("a client resumes its session again and again", arguments: [TLSVersion.v12, .v13])
  func repeatedly(version: TLSVersion) throws {
    let (client, server) = try (Self.client(version), TLSServer.test())
    #expect(try !Self.connect(client, server))
    for _ in 0..<5 { #expect(try Self.connect(client, server)) }
    #expect(server.statistics.resumptions == 5 && client.statistics.resumptions == 5)
  }

  @Test("a handshake gives one ticket, which TLS 1.3 uses for one connection", arguments: [TLSVersion.v12, .v13])
  func oneTicket(version: TLSVersion) throws {
    let (client, server) = try (Self.client(version), TLSServer.test())
    _ = try Self.connect(client, server)
    let pairs = try (0..<2).map { _ in try Pair(client, server) }
    for pair in pairs { try pair.exchange() }
    #expect(pairs.map { $0.server.session?.isResumed } == [true, version == .v12])
  }

  @Test("a session is for one host and port, and for one server", arguments: [TLSVersion.v12, .v13])
  func otherServers(version: TLSVersion) throws {
    let (client, server) = try (Self.client(version), TLSServer.test())
    _ = try Self.connect(client, server)
    #expect(try !Self.connect(client, server, host: "127.0.0.1"))
    #expect(try !Self.connect(client, server, port: 2))
    #expect(try !Self.connect(client, TLSServer.test()))
  }

  @Test("a ticket outlives one change of the key, and not two", arguments: [TLSVersion.v12, .v13])
  func rotation(version: TLSVersion) throws {
    let (client, server) = try (Self.client(version), TLSServer.test())
    _ = try Self.connect(client, server)
    server.rotateTicketKeys()
    #expect(try Self.connect(client, server))
    // The resumed session has got a ticket of the new key.
    server.rotateTicketKeys()
    #expect(try Self.connect(client, server))
    server.rotateTicketKeys()
    server.rotateTicketKeys()
    #expect(try !Self.connect(client, server))
    #expect(try Self.connect(client, server))
  }

  @Test("sessions survive the replacement of the identity", arguments: [TLSVersion.v12, .v13])
  func replacement(version: TLSVersion) throws {
    let (client, server) = try (Self.client(version), TLSServer.test())
    _ = try Self.connect(client, server)
    server.replace(try Certificate("localhost", "DNS:localhost").identity())
    #expect(try Self.connect(client, server))
  }

  @Test(
    "a server without tickets, and a client that keeps no sessions, resume nothing", arguments: [TLSVersion.v12, .v13])
  func switchedOff(version: TLSVersion) throws {
    let (client, silent) = try (Self.client(version), TLSServer.test { $0.sessionTickets = false })
    let (forgetful, server) = try (Self.client(version) { $0.resumesSessions = false }, TLSServer.test())
    for _ in 0..<3 {
      #expect(try !Self.connect(client, silent))
      #expect(try !Self.connect(forgetful, server))
    }
  }

  @Test("a resumed session keeps the certificate of the client", arguments: [TLSVersion.v12, .v13])
  func clientCertificate(version: TLSVersion) throws {
    let server = try TLSServer.test { $0.clientCertificates = .required(Certificate.authority.trust) }
    let identity = try Certificate("client", issuer: .authority).identity()
    let client = try Self.client(version) { $0.identity = identity }
    for attempt in 0..<3 {
      let pair = try Pair(client, server)
      try pair.exchange()
      #expect(pair.server.session?.isResumed == (attempt > 0))
      #expect(pair.server.session?.peerCertificate != nil)
    }
  }

  @Test("the name that was asked for is known to a resumed session", arguments: [TLSVersion.v12, .v13])
  func serverName(version: TLSVersion) throws {
    let named = Certificate("named", "DNS:named.test", issuer: .authority)
    let identities = try ["named.test": named.identity()]
    let server = try TLSServer.test { $0.identities = identities }
    let client = try Self.client(version)
    for attempt in 0..<3 {
      let pair = try Pair(client, server, host: "named.test")
      try pair.exchange()
      #expect(pair.server.session?.isResumed == (attempt > 0))
      #expect(pair.server.session?.serverName == "named.test")
    }
  }
}
