import Testing
import TestSupport

@testable import GnetTLS

@Suite("Handshakes")
struct HandshakeTests {
  @Test("both sides learn what they have agreed on", arguments: [TLSVersion.v12, .v13])
  func session(version: TLSVersion) throws {
    let server = try TLSServer.test { $0.applicationProtocols = ["h2", "http/1.1"] }
    let client = try TLSClient.test {
      $0.applicationProtocols = ["http/1.1", "h2"]
      $0.maximumVersion = version
    }
    let pair = try Pair(client, server)
    #expect(pair.server.session == nil)
    try pair.exchange()
    #expect(pair.client.isEstablished && pair.server.isEstablished)
    for session in [pair.client.session, pair.server.session] {
      #expect(session?.version == version)
      #expect(session?.applicationProtocol == "h2")
      #expect(session?.serverName == "localhost")
      #expect(session?.isResumed == false)
      #expect(
        session?.cipherSuite == (version == .v13 ? "TLS_AES_128_GCM_SHA256" : "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
      )
    }
    #expect(pair.client.session?.peerCertificate?.isEmpty == false)
    #expect(pair.server.session?.peerCertificate == nil)
    #expect(server.statistics.handshakes == 1 && client.statistics.handshakes == 1)
    #expect(server.statistics.handshakesOfVersion12 == (version == .v12 ? 1 : 0))
  }

  @Test("a handshake succeeds in pieces of any size", arguments: [1, 2, 3, 7, 64, 500])
  func pieces(size: Int) throws {
    let pair = try Pair(TLSClient.test(), TLSServer.test())
    try pair.exchange(pieces: size)
    #expect(pair.client.isEstablished && pair.server.isEstablished)
    try pair.client.send(Array("hello".utf8))
    try pair.exchange(pieces: size)
    #expect(pair.server.takeInput() == Array("hello".utf8))
  }

  @Test("keys of all kinds work", arguments: ["P-256", "P-384", "RSA", "ED25519"], [TLSVersion.v12, .v13])
  func kinds(kind: String, version: TLSVersion) throws {
    let certificate = Certificate("localhost", "DNS:localhost", kind: kind)
    let server = try TLSServer(certificate.identity())
    let pair = try Pair(TLSClient(trust: certificate.trust) { $0.maximumVersion = version }, server)
    try pair.exchange()
    #expect(pair.client.session?.version == version)
  }

  @Test("a chain with an authority in between is sent whole")
  func intermediate() throws {
    let between = Certificate("between", isAuthority: true, issuer: .authority)
    let leaf = Certificate("localhost", "DNS:localhost", issuer: between)
    let whole = try Pair(TLSClient.test(), TLSServer(leaf.identity(between)))
    try whole.exchange()
    #expect(whole.client.isEstablished)
    let partial = try Pair(TLSClient.test(), TLSServer(leaf.identity()))
    #expect(partial.failures().client?.code == .certificateRefused)
  }

  @Test("a server of TLS 1.3 alone refuses older clients, and a client older servers")
  func minimumVersion() throws {
    let old = try Pair(TLSClient.test { $0.maximumVersion = .v12 }, TLSServer.test { $0.minimumVersion = .v13 })
      .failures()
    #expect(old.server?.code == .handshakeFailed && old.client?.code == .alertReceived)
    let new = try Pair(TLSClient.test { $0.minimumVersion = .v13 }, TLSServer.test { $0.maximumVersion = .v12 })
      .failures()
    #expect(new.server?.code == .handshakeFailed && new.client?.code == .alertReceived)
  }

  @Test("what a client sends right behind its handshake is there with it")
  func earlyInput() throws {
    let pair = try Pair(TLSClient.test(), TLSServer.test())
    try pair.server.receive(pair.client.takeSent())
    try pair.client.receive(pair.server.takeSent())
    #expect(pair.client.isEstablished)
    try pair.client.send([1, 2, 3])
    try pair.server.receive(pair.client.takeSent())
    #expect(pair.server.isEstablished)
    #expect(pair.server.takeInput() == [1, 2, 3])
  }
}

@Suite("Application protocols")
struct ApplicationProtocolTests {
  @Test("without a common protocol the server refuses with no_application_protocol")
  func nothingInCommon() throws {
    let pair = try Pair(
      TLSClient.test { $0.applicationProtocols = ["h3"] },
      TLSServer.test { $0.applicationProtocols = ["h2", "http/1.1"] })
    let errors = pair.failures()
    #expect(errors.server?.code == .handshakeFailed)
    #expect(errors.client?.description == "the peer has ended TLS: tlsv1 alert no application protocol")
  }

  @Test("a side without protocols speaks with any", arguments: [true, false])
  func oneSide(isServer: Bool) throws {
    let pair = try Pair(
      TLSClient.test { $0.applicationProtocols = isServer ? [] : ["h2"] },
      TLSServer.test { $0.applicationProtocols = isServer ? ["h2"] : [] })
    try pair.exchange()
    #expect(pair.client.session?.applicationProtocol == nil)
    #expect(pair.server.session?.applicationProtocol == nil)
    #expect(pair.server.isEstablished)
  }

  @Test("a protocol whose name is empty or too long is refused", arguments: ["", String(repeating: "x", count: 256)])
  func names(name: String) {
    let error = #expect(throws: TLSError.self) { try TLSServer.test { $0.applicationProtocols = [name] } }
    #expect(error?.code == .invalidConfiguration)
  }
}

@Suite("Identities by name")
struct ServerNameTests {
  /// The names in the certificates, and what clients ask for.
  static let expectations = [
    ("a.test", "exact"), ("A.TEST", "exact"), ("b.a.test", "wildcard"), ("c.b.a.test", "first"),
    ("other.test", "first"),
  ]

  @Test("a client gets the certificate of the name that it asks for", arguments: expectations)
  func choice(name: String, expected: String) throws {
    let first = Certificate("first", issuer: .authority)
    let exact = Certificate("exact", issuer: .authority)
    let wildcard = Certificate("wildcard", issuer: .authority)
    let identities = try ["a.test": exact.identity(), "*.a.test": wildcard.identity()]
    let server = try TLSServer(first.identity()) { $0.identities = identities }
    let pair = try Pair(TLSClient(trust: .anyone, serverName: name), server)
    try pair.exchange()
    let shown = try #require(pair.client.session?.peerCertificate)
    let subject = Array(expected.utf8)
    #expect(shown.indices.contains { shown[$0...].starts(with: subject) })
    #expect(pair.server.session?.serverName == name)
  }

  @Test("a name that no host can have is refused", arguments: ["", "*.", "a*.test", "a b", "*.*.test"])
  func invalid(name: String) {
    let error = #expect(throws: TLSError.self) {
      let identity = try Certificate.localhost.identity()
      return try TLSServer.test { $0.identities = [name: identity] }
    }
    #expect(error?.code == .invalidConfiguration)
  }

  @Test("new connections get a replaced identity, and those before go on")
  func replacing() throws {
    let server = try TLSServer.test()
    let before = try Pair(TLSClient.test(), server)
    let between = try Pair(TLSClient.test(), server)
    try before.exchange()
    try between.server.receive(between.client.takeSent())
    let other = Certificate("other", "DNS:localhost")
    server.replace(try other.identity())
    try between.exchange()
    #expect(between.client.isEstablished)
    try before.client.send([7])
    try before.exchange()
    #expect(before.server.takeInput() == [7])
    let after = try Pair(TLSClient(trust: other.trust), server)
    try after.exchange()
    #expect(after.client.isEstablished)
    #expect(try Pair(TLSClient.test(), server).failures().client?.code == .certificateRefused)
  }

  @Test("an identity for a name can be added and replaced while serving")
  func replacingNamed() throws {
    let server = try TLSServer.test()
    for _ in 0..<2 {
      let named = Certificate("named", "DNS:named.test")
      try server.replace(named.identity(), forServerName: "named.test")
      let pair = try Pair(TLSClient(trust: named.trust), server, host: "named.test")
      try pair.exchange()
      #expect(pair.client.isEstablished)
    }
    let first = try Pair(TLSClient.test(), server)
    try first.exchange()
    #expect(first.client.isEstablished)
  }

  @Test("identities are replaced while other threads take connections")
  func concurrently() throws {
    let server = try TLSServer.test()
    let identity = try Certificate.localhost.identity()
    try TestSupport.concurrently(4) { thread in
      for _ in 0..<20 {
        if thread == 0 {
          server.replace(identity)
        } else {
          let pair = try Pair(TLSClient.test(), server)
          try pair.exchange()
          check(pair.client.isEstablished, "the handshake failed")
        }
      }
    }
    #expect(server.statistics.handshakes == 60)
  }
}
