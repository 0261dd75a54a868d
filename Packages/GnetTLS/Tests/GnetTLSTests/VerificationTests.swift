import Testing

@testable import GnetTLS

@Suite("Verification of servers")
struct ServerVerificationTests {
  /// The names in a certificate, the host that is asked for, and whether it is taken: RFC 9525.
  static let hosts: [(String, String, Bool)] = [
    ("DNS:www.example.org", "www.example.org", true),
    ("DNS:www.example.org", "WWW.Example.ORG", true),
    ("DNS:www.example.org", "www.example.org.", true),
    ("DNS:www.example.org", "example.org", false),
    ("DNS:*.example.org", "www.example.org", true),
    ("DNS:*.example.org", "a.www.example.org", false),
    ("DNS:*.example.org", "example.org", false),
    ("DNS:w*.example.org", "www.example.org", false),
    ("DNS:*w.example.org", "www.example.org", false),
    ("DNS:www.*.org", "www.example.org", false),
    ("DNS:other.test,DNS:www.example.org", "www.example.org", true),
    ("IP:192.0.2.1", "192.0.2.1", true),
    ("IP:192.0.2.1", "192.0.2.2", false),
    ("DNS:192.0.2.1", "192.0.2.1", false),
    ("IP:2001:db8::1", "[2001:db8::1]", true),
    ("IP:2001:db8::1", "2001:db8:0::1", true),
    ("IP:fe80::1", "fe80::1%eth0", true),
    ("IP:192.0.2.1", "www.example.org", false),
    ("email:www.example.org", "www.example.org", false),
  ]

  @Test("the certificate must be of the host", arguments: hosts)
  func host(names: String, host: String, isTaken: Bool) throws {
    let certificate = Certificate("www.example.org", names, issuer: .authority)
    let pair = try Pair(TLSClient.test(), TLSServer(certificate.identity()), host: host)
    let errors = pair.failures()
    #expect(pair.client.isEstablished == isTaken)
    #expect((errors.client?.code == .certificateRefused) == !isTaken)
    #expect((errors.server?.code == .alertReceived) == !isTaken)
  }

  @Test("a name in the subject alone is not looked at")
  func subject() throws {
    let certificate = Certificate("localhost", issuer: .authority)
    let pair = try Pair(TLSClient.test(), TLSServer(certificate.identity()))
    #expect(pair.failures().client?.description == "the certificate of the peer is refused: hostname mismatch")
  }

  @Test("serverName is asked for instead of the host of the connection")
  func serverName() throws {
    let certificate = Certificate("a", "DNS:service.internal", issuer: .authority)
    let client = try TLSClient(trust: Certificate.authority.trust, serverName: "service.internal")
    let pair = try Pair(client, TLSServer(certificate.identity()), host: "192.0.2.1")
    try pair.exchange()
    #expect(pair.client.isEstablished)
    #expect(pair.server.session?.serverName == "service.internal")
  }

  @Test("addresses are not asked for by name")
  func noNameOfAddress() throws {
    let pair = try Pair(TLSClient.test(), TLSServer.test(), host: "127.0.0.1")
    try pair.exchange()
    #expect(pair.client.isEstablished)
    #expect(pair.server.session?.serverName == nil)
  }

  @Test("a certificate that nobody vouches for is refused")
  func unknown() throws {
    let pair = try Pair(TLSClient.test(), TLSServer(Certificate("localhost", "DNS:localhost").identity()))
    let errors = pair.failures()
    #expect(errors.client?.description == "the certificate of the peer is refused: self-signed certificate")
    #expect(errors.server?.description == "the peer has ended TLS: tlsv1 alert unknown ca")
  }

  @Test("the system's roots do not vouch for the certificates of tests")
  func system() throws {
    let pair = try Pair(TLSClient(trust: .system), TLSServer.test())
    #expect(pair.failures().client?.code == .certificateRefused)
  }

  @Test("a certificate that is trusted itself is taken, also without an authority")
  func pinned() throws {
    let client = try TLSClient(trust: Certificate.localhost.trust)
    let pair = try Pair(client, TLSServer.test())
    try pair.exchange()
    #expect(pair.client.isEstablished)
    let other = Certificate("localhost", "DNS:localhost", issuer: .authority)
    #expect(try Pair(client, TLSServer(other.identity())).failures().client?.code == .certificateRefused)
  }

  @Test("with anyone, any certificate is taken")
  func anyone() throws {
    let server = try TLSServer(Certificate("nobody").identity())
    let pair = try Pair(TLSClient(trust: .anyone), server, host: nil)
    try pair.exchange()
    #expect(pair.client.isEstablished && pair.client.session?.peerCertificate != nil)
  }

  @Test("a client that does not know the host says so before anything is sent")
  func noHost() throws {
    let client = try TLSClient.test()
    let error = #expect(throws: TLSError.self) { try client.makeFilter(host: nil, port: nil) }
    #expect(error?.code == .invalidConfiguration)
  }
}

@Suite("Hosts")
struct HostTests {
  @Test(
    "a host that no certificate can be of is refused, and never taken for any host",
    arguments: ["", ".", "[]", ".example.org", "a b", "localhost\0.evil.test", "b\u{fc}cher.example"])
  func invalid(host: String) throws {
    let fromAddress = #expect(throws: TLSError.self) { try TLSClient.test().makeFilter(host: host, port: 1) }
    let fromSetting = #expect(throws: TLSError.self) {
      try TLSClient.test { $0.serverName = host }.makeFilter(host: "localhost", port: 1)
    }
    #expect(fromAddress?.code == .invalidConfiguration && fromSetting?.code == .invalidConfiguration)
  }
}

@Suite("Certificates of clients")
struct ClientCertificateTests {
  static let cases: [(isRequired: Bool, issuer: String?, isTaken: Bool)] = [
    (true, "known", true), (true, "unknown", false), (true, nil, false),
    (false, "known", true), (false, "unknown", false), (false, nil, true),
  ]

  @Test("a client's certificate is verified", arguments: cases, [TLSVersion.v12, .v13])
  func verification(_ setting: (isRequired: Bool, issuer: String?, isTaken: Bool), version: TLSVersion) throws {
    let trust = Certificate.authority.trust
    let server = try TLSServer.test {
      $0.clientCertificates = setting.isRequired ? .required(trust) : .optional(trust)
    }
    let client = try TLSClient.test {
      let issuer = setting.issuer == "known" ? Certificate.authority : Certificate("unknown", isAuthority: true)
      $0.maximumVersion = version
      if setting.issuer != nil { $0.identity = try? Certificate("client", issuer: issuer).identity() }
    }
    let pair = try Pair(client, server)
    let errors = pair.failures()
    #expect(pair.server.isEstablished == setting.isTaken)
    #expect((pair.server.session?.peerCertificate != nil) == (setting.isTaken && setting.issuer != nil))
    if !setting.isTaken {
      #expect(errors.client?.code == .alertReceived)
      #expect(errors.server?.code == (setting.issuer == nil ? .handshakeFailed : .certificateRefused))
    }
  }

  @Test("with anyone, a client must show a certificate, and may show any")
  func anyone() throws {
    let server = try TLSServer.test { $0.clientCertificates = .required(.anyone) }
    let own = Certificate("own")
    let pair = try Pair(TLSClient(trust: Certificate.authority.trust, identity: own.identity()), server)
    try pair.exchange()
    #expect(pair.server.session?.peerCertificate != nil)
    #expect(try Pair(TLSClient.test(), server).failures().server != nil)
  }
}
