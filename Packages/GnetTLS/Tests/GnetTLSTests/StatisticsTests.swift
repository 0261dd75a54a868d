import Gnet
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import GnetTLS

@Suite("Statistics")
struct StatisticsTests {
  /// The reasons of both sides for the failure of a handshake.
  private func reasons(
    _ client: TLSClient, _ server: TLSServer
  ) throws -> (client: [TLSHandshakeFailure: UInt64], server: [TLSHandshakeFailure: UInt64]) {
    let pair = try Pair(client, server)
    _ = pair.failures()
    #expect(client.statistics.handshakes + server.statistics.handshakes <= 1)
    return (client.statistics.failuresByReason, server.statistics.failuresByReason)
  }

  @Test("both sides count that there is no common version")
  func version() throws {
    let counts = try reasons(.test { $0.maximumVersion = .v12 }, .test { $0.minimumVersion = .v13 })
    #expect(counts.client == [.protocolVersion: 1] && counts.server == [.protocolVersion: 1])
  }

  @Test("both sides count that there is no common protocol of ALPN")
  func applicationProtocol() throws {
    let counts = try reasons(
      .test { $0.applicationProtocols = ["h2"] }, .test { $0.applicationProtocols = ["http/1.1"] })
    #expect(counts.client == [.applicationProtocol: 1] && counts.server == [.applicationProtocol: 1])
  }

  @Test("a certificate that the client refuses is the reason on both sides", arguments: [TLSVersion.v12, .v13])
  func serverCertificate(version: TLSVersion) throws {
    let client = try TLSClient(trust: .pem(Certificate("stranger").pem)) { $0.maximumVersion = version }
    let counts = try reasons(client, .test())
    #expect(counts.client == [.certificate: 1] && counts.server == [.certificate: 1])
  }

  @Test("a client without the certificate that it must show", arguments: [TLSVersion.v12, .v13])
  func clientCertificate(version: TLSVersion) throws {
    let server = try TLSServer.test { $0.clientCertificates = .required(Certificate.authority.trust) }
    let counts = try reasons(.test { $0.maximumVersion = version }, server)
    #expect(counts.server == [.certificate: 1])
  }

  @Test("an old cipher suite alone has nothing in common with the server", .needs("openssl"))
  func cipher() throws {
    let server = try TLSServer.test()
    try withServer(server) { _, port in
      let client = try Program(
        "openssl", ["s_client", "-tls1_2", "-cipher", "AES128-SHA", "-connect", "127.0.0.1:\(port)"], input: .bytes([]))
      #expect(client.exitCode() != 0)
      try require("the failure is counted") { server.statistics.failuresByReason == [.noSharedCipher: 1] }
    }
  }

  @Test(
    "bytes that are no TLS, and bytes that only begin like it",
    arguments: zip(
      ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-client\r\n", "\u{16}\u{3}\u{1}\u{0}\u{4}abcd"],
      [TLSHandshakeFailure.notTLS, .notTLS, .other]))
  func garbage(text: String, reason: TLSHandshakeFailure) throws {
    let server = try TLSServer.test()
    let end = try End(server.makeFilter())
    #expect(throws: TLSError.self) { try end.receive(Array(text.utf8)) }
    #expect(server.statistics.failuresByReason == [reason: 1])
  }

  @Test("a peer that leaves, one that is reset, and one that is too slow; an end by the program is no failure")
  func ends() throws {
    let server = try TLSServer.test()
    let (left, reset, slow, ended) = (
      server.makeFilter(), server.makeFilter(), server.makeFilter(), server.makeFilter()
    )
    #expect(throws: TLSError.self) { try left.networkEnded() }
    reset.abandoned(.connectionReset)
    slow.abandoned(.timedOut)
    ended.abandoned(nil)
    #expect(server.statistics.failuresByReason == [.peerClosed: 2, .timedOut: 1])
    #expect(server.statistics.failures == 3)
  }

  @Test("a handshake that succeeded is no failure, however the connection ends")
  func established() throws {
    let (client, server) = try (TLSClient.test(), TLSServer.test())
    let pair = try Pair(client, server)
    try pair.exchange()
    pair.server.filter.abandoned(.connectionReset)
    #expect(throws: TLSError.self) { try pair.client.filter.networkEnded() }
    #expect(client.statistics.failures == 0 && server.statistics.failures == 0)
    #expect(client.statistics.handshakes == 1 && server.statistics.handshakes == 1)
  }

  @Test("each loop has the counts for metrics, of the server and of the client")
  func loops() throws {
    func count(_ loop: EventLoop, _ name: String, _ labels: [String: String]) -> UInt64? {
      loop.counts[LoopCounter(name, help: "", labels: labels)]
    }
    let (client, server, notes) = try (TLSClient.test(), TLSServer.test(), Notes())
    var options = Options()
    options.loopCount = 1
    try withServer(server, options: options) { running, port in
      try withClients { clients in
        for round in 1...2 {
          let handle = clients.connect(
            to: "tcp://localhost:\(port)", options: ConnectOptions(client), notes.service { $0.write("x") },
            onFailure: notes.fail)
          // The tickets have come with the answer.
          try require("the answer comes") { notes.received.count == round }
          handle.close()
          try require("the connection ends") { notes.all.count == 2 * round }
        }
        for (loop, side) in [(running.loops[0], "server"), (clients.loops[0], "client")] {
          #expect(count(loop, "tls_handshakes", ["side": side, "version": "1.3"]) == 2)
          #expect(count(loop, "tls_resumptions", ["side": side]) == 1)
          #expect(loop.counts.count == 2)
        }
      }
      let plain = try Client(port: port)
      try plain.send("GET / HTTP/1.1\r\n\r\n")
      _ = try plain.receiveToEnd()
      try require("the loop counts the failure") {
        count(running.loops[0], "tls_handshake_failures", ["side": "server", "reason": "not_tls"]) == 1
      }
    }
  }
}
