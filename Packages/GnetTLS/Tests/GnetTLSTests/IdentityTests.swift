import TestPeers
import TestSupport
import Testing

@testable import GnetTLS

@Suite("Identities")
struct IdentityTests {
  /// The description of the error of `body`, which must be one line.
  static func message(_ code: TLSError.Code = .invalidIdentity, _ body: () throws -> Void) -> String? {
    let error = #expect(throws: TLSError.self) { try body() }
    #expect(error?.code == code)
    #expect(error?.description.contains("\n") == false)
    return error?.description
  }

  @Test("an identity is read from files, which may be one")
  func files() throws {
    let path = Files.temporaryPath()
    defer { Files.remove(path) }
    Files.write(Certificate.localhost.pem + Certificate.localhost.key, to: path)
    let server = try TLSServer(TLSIdentity(certificateChainFile: path, privateKeyFile: path))
    let pair = try Pair(TLSClient.test(), server)
    try pair.exchange()
    #expect(pair.client.isEstablished)
  }

  @Test("roots are read from a file")
  func rootFile() throws {
    let path = Files.temporaryPath()
    defer { Files.remove(path) }
    Files.write(Certificate("other", isAuthority: true).pem + Certificate.authority.pem, to: path)
    let pair = try Pair(TLSClient(trust: .file(path)), TLSServer.test())
    try pair.exchange()
    #expect(pair.client.isEstablished)
  }

  @Test("a file that cannot be read is named")
  func missing() {
    let text = Self.message { _ = try TLSIdentity(certificateChainFile: "/no/where\n.pem", privateKeyFile: "/no/key") }
    #expect(text == #"the certificate in file "/no/where\n.pem": No such file or directory"#)
    let roots = Self.message(.invalidTrustRoots) { _ = try TLSClient(trust: .file("/no/roots")) }
    #expect(roots == #"the trusted certificates in file "/no/roots": No such file or directory"#)
  }

  @Test("text that is no certificate or key is refused")
  func garbage() {
    let certificate = Certificate.localhost
    #expect(
      Self.message { _ = try TLSIdentity(pem: "hello", privateKey: certificate.key) }
        == "the certificate: it has nothing in PEM format")
    #expect(
      Self.message { _ = try TLSIdentity(pem: certificate.pem, privateKey: "hello") }
        == "the private key: it has no private key in PEM format")
    let cut = String(certificate.pem.prefix(200))
    _ = Self.message { _ = try TLSIdentity(pem: cut, privateKey: certificate.key) }
    _ = Self.message { _ = try TLSIdentity(pem: certificate.pem + cut, privateKey: certificate.key) }
    _ = Self.message(.invalidTrustRoots) { _ = try TLSClient(trust: .pem("")) }
    _ = Self.message(.invalidTrustRoots) { _ = try TLSClient(trust: .pem(certificate.pem + cut)) }
  }

  @Test("a key of another certificate is refused")
  func mismatch() {
    let text = Self.message {
      _ = try TLSIdentity(pem: Certificate.localhost.pem, privateKey: Certificate.authority.key)
    }
    #expect(text == "the certificate: private key mismatch")
    _ = Self.message {
      _ = try TLSIdentity(pem: Certificate.localhost.pem, privateKey: Certificate("x", kind: "RSA").key)
    }
  }

  @Test("a key that is encrypted is refused, and nobody is asked for a password")
  func encrypted() {
    let certificate = Certificate("a")
    let text = Self.message {
      _ = try TLSIdentity(pem: certificate.pem, privateKey: certificate.encryptedKey("secret"))
    }
    #expect(text == "the private key: it is encrypted, and must be decrypted first")
  }

  @Test("a chain that has expired, or is not valid yet, is refused")
  func validity() {
    let expired = Certificate("a", validity: -7200 ... -3600)
    #expect(Self.message { _ = try expired.identity() } == "the certificate: the certificate has expired")
    let future = Certificate("a", validity: 3600...7200)
    #expect(Self.message { _ = try future.identity() } == "the certificate: the certificate is not valid yet")
    let issuer = Certificate("issuer", validity: -7200 ... -3600, isAuthority: true)
    let leaf = Certificate("a", issuer: issuer)
    #expect(
      Self.message { _ = try leaf.identity(issuer) } == "the certificate: a certificate of the chain has expired")
  }

  @Test("a weak key is refused")
  func weak() {
    let weak = Certificate("a", kind: "RSA-1024")
    #expect(Self.message { _ = try weak.identity() } == "the certificate: ee key too small")
  }

  @Test("an oldest version above the newest is refused")
  func versions() {
    _ = Self.message(.invalidConfiguration) {
      _ = try TLSServer.test { ($0.minimumVersion, $0.maximumVersion) = (.v13, .v12) }
    }
    _ = Self.message(.invalidConfiguration) {
      _ = try TLSClient.test { ($0.minimumVersion, $0.maximumVersion) = (.v13, .v12) }
    }
  }

  @Test("a time limit that no handshake can meet is refused")
  func timeout() {
    _ = Self.message(.invalidConfiguration) { _ = try TLSServer.test { $0.handshakeTimeout = .zero } }
  }
}
