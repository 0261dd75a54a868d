import TestPeers
import TestSupport
import Testing

/// A certificate for this machine that signs itself, in files; removed with this value.
final class TestCertificate: Sendable {
  private let folder = Files.temporaryPath()
  var certificate: String { "\(folder)/certificate.pem" }
  var key: String { "\(folder)/key.pem" }

  /// The arguments of a server with this certificate.
  var arguments: [String] { ["--tls-certificate", certificate, "--tls-key", key] }

  /// Has `openssl` make the certificate.
  init() throws {
    Files.makeDirectory(folder)
    let options = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
      "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
    ]
    let program = try Program("openssl", options)
    #expect(program.exitCode() == 0, "\(program.errorsToEnd())")
  }

  deinit { for path in [certificate, key, folder] { Files.remove(path) } }
}
