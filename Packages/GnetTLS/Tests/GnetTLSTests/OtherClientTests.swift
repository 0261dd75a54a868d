import Gnet
import TestPeers
import TestSupport
import Testing

@testable import GnetTLS

@Suite("Clients of other makers")
struct OtherClientTests {
  let files = CertificateFiles()

  @Test("openssl s_client exchanges lines and leaves in order", .needs("openssl"), arguments: ["-tls1_2", "-tls1_3"])
  func s_client(version: String) throws {
    let notes = Notes()
    try withServer(TLSServer.test(), notes.service { $0.write("hello\n") }) { _, port in
      let client = try Program(
        "openssl",
        [
          "s_client", version, "-connect", "127.0.0.1:\(port)", "-CAfile", files.authority, "-servername", "localhost",
          "-verify_hostname", "localhost", "-verify_return_error", "-quiet", "-no_ign_eof",
        ], input: .interactive)
      #expect(client.line() == "hello")
      try client.send("line\n")
      try require("the line arrives") { notes.received == Array("line\n".utf8) }
      client.endInput()
      #expect(client.exitCode() == 0)
      try require("the connection ends") { notes.all.count == 2 }
      #expect(notes.all.values == ["opened", "closed: in order"])
      #expect(notes.newestSession?.version == (version == "-tls1_2" ? .v12 : .v13))
    }
  }

  private static let body = pattern(1_000_000).map { $0 % 64 + 32 }

  /// Answers a request of HTTP with a body of a million bytes.
  private static let page: Service = {
    var events = Events()
    events.react = { connection, input in
      guard input.firstRange(of: "\r\n\r\n".utf8) != nil else { return .none }
      input.removeAll()
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
      connection.write(body)
      return .none
    }
    return Service(events)
  }()

  @Test("curl fetches a page", .needs("curl"), arguments: ["1.2", "1.3"], [true, false])
  func curl(version: String, hasCertificate: Bool) throws {
    let server = try TLSServer.test {
      $0.applicationProtocols = ["http/1.1"]
      if hasCertificate { $0.clientCertificates = .required(Certificate.authority.trust) }
    }
    let output = Files.temporaryPath()
    defer { Files.remove(output) }
    try withServer(server, Self.page) { _, port in
      let own = hasCertificate ? ["--cert", files.certificate, "--key", files.key] : []
      let options = ["-sS", "--cacert", files.authority, "--tlsv\(version)", "--tls-max", version, "-o", output] + own
      try run("curl", options + ["https://localhost:\(port)/"])
      try run("curl", options + ["https://127.0.0.1:\(port)/"])
      #expect(Files.text(output) == String(decoding: Self.body, as: UTF8.self))
      #expect(server.statistics.handshakes == 2)
    }
  }

  @Test("curl refuses a certificate that it does not know, and the server goes on", .needs("curl"))
  func refusal() throws {
    let server = try TLSServer.test()
    try withServer(server, Self.page) { _, port in
      let program = try Program("curl", ["-sS", "https://localhost:\(port)/"])
      #expect(program.exitCode() == 60)
      try require("the failure is counted") { server.statistics.failures == 1 }
      try run("curl", ["-sS", "-o", "/dev/null", "--cacert", files.authority, "https://localhost:\(port)/"])
    }
  }

  /// Runs a script of Python, which finds `connect()`, to its end; what it asserts must hold.
  private func python(_ port: Int, _ version: String, _ script: String) throws {
    let prelude = """
      import socket, ssl, sys
      port, authority, version = int(sys.argv[1]), sys.argv[2], sys.argv[3]
      context = ssl.create_default_context(cafile=authority)
      context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
      def connect(**options):
          s = socket.create_connection(("127.0.0.1", port), timeout=20)
          return context.wrap_socket(s, server_hostname="localhost", suppress_ragged_eofs=False, **options)
      def read(s, count):
          bytes = b""
          while len(bytes) < count:
              piece = s.recv(count - len(bytes))
              assert piece, "the stream has ended"
              bytes += piece
          return bytes

      """
    try run("python3", ["-I", "-c", prelude + script, "\(port)", files.authority, version])
  }

  @Test(
    "Python sends and receives amounts of all sizes, and both sides end in order", .needs("python3"),
    arguments: ["TLSv1_2", "TLSv1_3"])
  func sizes(version: String) throws {
    try withServer(TLSServer.test()) { _, port in
      try python(
        port, version,
        """
        s = connect()
        for count in [1, 2, 100, 16383, 16384, 16385, 65536, 300000]:
            sent = bytes(i * 7 % 251 for i in range(count))
            s.sendall(sent)
            assert read(s, count) == sent, count
        for byte in b"byte by byte":
            s.sendall(bytes([byte]))
        assert read(s, 12) == b"byte by byte"
        s.unwrap()  # raises unless close_notify comes back
        """)
    }
  }

  @Test("Python resumes its session", .needs("python3"), arguments: ["TLSv1_2", "TLSv1_3"])
  func resumption(version: String) throws {
    let server = try TLSServer.test()
    try withServer(server) { _, port in
      try python(
        port, version,
        """
        s = connect()
        s.sendall(b"x")
        read(s, 1)
        session = s.session
        s.unwrap()
        t = connect(session=session)
        assert t.session_reused
        t.sendall(b"y")
        assert read(t, 1) == b"y"
        """)
      #expect(server.statistics.resumptions == 1)
    }
  }

  @Test(
    "a client that cuts the stream is not taken for one that ends it", .needs("python3"),
    arguments: ["TLSv1_2", "TLSv1_3"])
  func cut(version: String) throws {
    let notes = Notes()
    try withServer(TLSServer.test(), notes.service()) { _, port in
      try python(
        port, version,
        """
        s = connect()
        s.sendall(b"half a message")
        s.shutdown(socket.SHUT_WR)
        try:
            s.recv(1)
        except OSError:
            pass
        """)
      try require("the connection ends") { notes.all.count == 2 }
      #expect(notes.all.values == ["opened", "closed: the stream of the peer ended without close_notify"])
      #expect(notes.received == Array("half a message".utf8))
    }
  }

  @Test("clients see close_notify at a shutdown", .needs("python3"))
  func shutdown() throws {
    let notes = Notes()
    try withServer(TLSServer.test(), notes.service { $0.write("x") }) { server, port in
      let client = TestThread {
        try? python(
          port, "TLSv1_3",
          """
          s = connect()
          assert read(s, 1) == b"x"
          assert s.recv(1) == b""  # raises without close_notify
          """)
      }
      try require("it is open") { notes.all.count == 1 }
      server.shutdown()
      client.join()
      #expect(notes.all.values == ["opened", "closed: in order"])
    }
  }
}
