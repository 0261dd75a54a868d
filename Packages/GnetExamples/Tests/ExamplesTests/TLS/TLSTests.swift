import TestPeers
import TestSupport
import Testing

@Suite("TLS of the examples", .needs("openssl", "curl"))
struct TLSTests {
  @Test("curl fetches a page of http over TLS", arguments: [1, 2])
  func http(loops: Int) throws {
    let certificate = try TestCertificate()
    let http = try Example("http", loops: loops, certificate.arguments + ["--alpn", "http/1.1"])
    let page = try output(
      of: "curl", ["-sS", "--cacert", certificate.certificate, "https://localhost:\(http.port)/plaintext"])
    #expect(String(decoding: page, as: UTF8.self) == "Hello, World!")
    http.end()
  }

  @Test("redis-cli speaks with redis over TLS", .needs("redis-cli"))
  func redis() throws {
    let certificate = try TestCertificate()
    let redis = try Example("redis", loops: 1, certificate.arguments)
    let options = ["--tls", "--cacert", certificate.certificate, "-h", "localhost", "-p", redis.port]
    #expect(try output(of: "redis-cli", options + ["SET", "key", "value"]) == Array("OK\n".utf8))
    #expect(try output(of: "redis-cli", options + ["GET", "key"]) == Array("value\n".utf8))
    redis.end()
  }

  @Test("clients must show a certificate where an authority of clients is given")
  func clientCertificates() throws {
    let (server, client) = try (TestCertificate(), TestCertificate("client"))
    let http = try Example("http", loops: 1, server.arguments + ["--tls-client-ca", client.certificate])
    let arguments = ["-sS", "--cacert", server.certificate, "https://localhost:\(http.port)/plaintext"]
    let stranger = try Program("curl", arguments)
    #expect(stranger.exitCode() != 0)
    let page = try output(of: "curl", ["--cert", client.certificate, "--key", client.key] + arguments)
    #expect(String(decoding: page, as: UTF8.self) == "Hello, World!")
    http.end()
  }

  @Test(
    "the protocol of ALPN is agreed on, and every example takes the arguments", .needs("python3"),
    arguments: ["echo", "upgrade"])
  func protocols(name: String) throws {
    let certificate = try TestCertificate()
    let example = try Example(name, loops: 1, certificate.arguments + ["--alpn", "one", "--alpn", "two"])
    try example.python(
      """
      import ssl
      context = ssl.create_default_context(cafile="\(certificate.certificate)")
      context.set_alpn_protocols(["two", "other"])
      s = context.wrap_socket(connect(), server_hostname="localhost", suppress_ragged_eofs=False)
      equal(s.selected_alpn_protocol(), "two")
      s.sendall(b"hello\\n")
      equal(s.recv(100), b"hello\\n")
      s.unwrap()
      context.set_alpn_protocols(["other"])
      try:
          context.wrap_socket(connect(), server_hostname="localhost")
          raise AssertionError("taken without a protocol in common")
      except ssl.SSLError as error: assert "no application protocol" in str(error), error
      """)
    example.end()
  }

  @Test("files that cannot be used are one line on standard error")
  func unusable() throws {
    let certificate = try TestCertificate()
    let echo = try Program("echo", ["--tls-certificate", "/no/file", "--tls-key", certificate.key])
    #expect(echo.exitCode() == 1)
    #expect(echo.errorsToEnd() == "Error: the certificate in file \"/no/file\": No such file or directory\n")
  }

  @Test(
    "arguments that need others are refused",
    arguments: [["--tls-key", "k"], ["--tls-certificate", "c"], ["--alpn", "h2"], ["--tls-client-ca", "c"]])
  func incomplete(arguments: [String]) throws {
    let echo = try Program("echo", arguments)
    #expect(echo.exitCode() == 64)
  }
}
