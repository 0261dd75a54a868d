import ArgumentParser
import Gnet
import GnetTLS

/// The arguments for TLS with the clients of `serve`.
struct TLSArguments: ParsableArguments {
  @Option(
    name: .customLong("tls-certificate"),
    help: ArgumentHelp(
      "Answer over https, with the certificate in this file and those of its issuers behind it (PEM).",
      valueName: "file"))
  var certificate: String?

  @Option(
    name: .customLong("tls-key"), help: ArgumentHelp("The private key of the certificate (PEM).", valueName: "file"))
  var key: String?

  @Option(
    name: .customLong("tls-client-ca"),
    help: ArgumentHelp(
      "Clients must show a certificate that one of the authorities in this file has signed (PEM).", valueName: "file"))
  var clientAuthorities: String?

  func validate() throws {
    guard (certificate == nil) == (key == nil) else {
      throw ValidationError("--tls-certificate and --tls-key need each other.")
    }
    if certificate == nil && clientAuthorities != nil {
      throw ValidationError("--tls-client-ca needs --tls-certificate.")
    }
  }

  /// Makes the filters of clients' connections; `nil` without a certificate.
  func makeFilter() throws(TLSError) -> ConnectionFilter.Factory? {
    guard let certificate, let key else { return nil }
    let identity = try TLSIdentity(certificateChainFile: certificate, privateKeyFile: key)
    let server = try TLSServer(
      identity, applicationProtocols: ["http/1.1"],
      clientCertificates: clientAuthorities.map { .required(.file($0)) } ?? .none)
    return server.filter
  }
}
