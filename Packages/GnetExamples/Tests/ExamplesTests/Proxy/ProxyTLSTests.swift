import TestPeers
import TestSupport
import Testing

@Suite("proxy, TLS", .needs("openssl", "curl"))
struct ProxyTLSTests {
  private func fetch(_ url: String, _ arguments: String...) throws -> String {
    String(decoding: try output(of: "curl", ["-sS", "--max-time", "20"] + arguments + [url]), as: UTF8.self)
  }

  @Test("TLS goes from the client to the proxy, and from the proxy to the backend", arguments: [1, 2])
  func bothSides(loops: Int) throws {
    let certificate = try TestCertificate()
    let http = try Example("http", loops: 1, certificate.arguments)
    let backend = ["--to", "localhost:\(http.port)", "--to-tls", "--to-ca", certificate.certificate]
    let plain = try Example("proxy", loops: loops, backend)
    #expect(try fetch("http://localhost:\(plain.port)/plaintext") == "Hello, World!")
    let encrypted = try Example("proxy", loops: loops, backend + certificate.arguments)
    let url = "https://localhost:\(encrypted.port)/plaintext"
    #expect(try fetch(url, "--cacert", certificate.certificate) == "Hello, World!")
    for example in [plain, encrypted, http] { example.end() }
  }

  @Test("a backend that nobody vouches for is a refusal, and goes out of the rotation", .needs("python3"))
  func untrusted() throws {
    let (certificate, other) = try (TestCertificate(), TestCertificate())
    let http = try Example("http", loops: 1, certificate.arguments)
    let proxy = try Example(
      "proxy", loops: 1,
      ["--to", "localhost:\(http.port)", "--to-tls", "--to-ca", other.certificate, "--check-interval", "60000"])
    try proxy.python(
      """
      s = connect()
      s.sendall(b"GET /plaintext HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
      try: equal(s.recv(100), b"")
      except ConnectionResetError: pass  # what it has sent was not read
      """)
    try require("the log says why") { proxy.server.errorsSoFar.contains("the certificate of the peer is refused") }
    for example in [proxy, http] { example.end() }
  }

  @Test("a backend is told the client's address before TLS begins", .needs("python3"))
  func header() throws {
    let certificate = try TestCertificate()
    try ProxyScript.run(
      """
      import ssl
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain("\(certificate.certificate)", "\(certificate.key)")
      backend = listen()
      options = ["--to-tls", "--to-ca", "\(certificate.certificate)", "--send-proxy", "v1", "--check-interval", "0"]
      proxy = Proxy(url(backend), options=options)
      client = proxy.connect()
      client.sendall(b"hello")
      peer = accept(backend)
      header = b""
      while not header.endswith(b"\\r\\n"): header += peer.recv(1)
      host, port = client.getsockname()
      assert header.startswith(b"PROXY TCP4 127.0.0.1 127.0.0.1 %d " % port), header
      peer = context.wrap_socket(peer, server_side=True, suppress_ragged_eofs=False)
      equal(peer.recv(10), b"hello")
      peer.sendall(b"hello, too")
      equal(client.recv(20), b"hello, too")
      client.close()
      equal(peer.recv(1), b"")
      peer.unwrap()
      proxy.end()
      """)
  }

  @Test(
    "arguments that make no sense are refused",
    arguments: [["--to", "localhost:1", "--to-ca", "x"], ["--to", "unix:///x", "--to-tls"]])
  func arguments(arguments: [String]) throws {
    let proxy = try Program("proxy", arguments)
    #expect(proxy.exitCode() == 64)
  }
}
