internal import ArgumentParser
internal import GnetTLS

/// The arguments for TLS on all addresses of streams.
struct TLSArguments: ParsableArguments {
  @Option(
    name: .customLong("tls-certificate"),
    help: ArgumentHelp(
      "Speak TLS on tcp and unix addresses, with the certificate in this file and those of its issuers behind it (PEM).",
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

  @Option(
    name: .customLong("alpn"),
    help: ArgumentHelp(
      "A protocol that clients may choose, the preferred one first. May be given several times.", valueName: "name"))
  var protocols: [String] = []

  func validate() throws {
    guard (certificate == nil) == (key == nil) else {
      throw ValidationError("--tls-certificate and --tls-key need each other.")
    }
    if certificate == nil && (clientAuthorities != nil || !protocols.isEmpty) {
      throw ValidationError("--tls-client-ca and --alpn need --tls-certificate.")
    }
  }

  /// The server's side of TLS that the arguments describe; `nil` without a certificate.
  func makeServer() throws(TLSError) -> TLSServer? {
    guard let certificate, let key else { return nil }
    let identity = try TLSIdentity(certificateChainFile: certificate, privateKeyFile: key)
    return try TLSServer(
      identity, applicationProtocols: protocols,
      clientCertificates: clientAuthorities.map { .required(.file($0)) } ?? .none)
  }
}
