import Gnet
import TestPeers
import TestSupport
import Testing

@testable import GnetTLS

@Suite("Servers of other makers")
struct OtherServerTests {
  let files = CertificateFiles()

  @Test(
    "openssl s_server answers lines, and sessions are resumed", .needs("openssl"), arguments: [TLSVersion.v12, .v13])
  func s_server(version: TLSVersion) throws {
    let program = try Program(
      "openssl",
      ["s_server", "-accept", "127.0.0.1:0", "-cert", files.certificate, "-key", files.key, "-rev", "-alpn", "reverse"])
    let port = try #require(Self.port(in: program))
    let client = try TLSClient.test {
      $0.applicationProtocols = ["other", "reverse"]
      $0.maximumVersion = version
    }
    try withClients { clients in
      for attempt in 0..<2 {
        let notes = Notes()
        let handle = clients.connect(
          to: "tcp://localhost:\(port)", options: ConnectOptions(client), notes.service { $0.write("hello\n") },
          onFailure: notes.fail)
        try require("the answer comes") { notes.received == Array("olleh\n".utf8) }
        #expect(notes.newestSession?.version == version)
        #expect(notes.newestSession?.applicationProtocol == "reverse")
        #expect(notes.newestSession?.isResumed == (attempt == 1))
        handle.close()
        try require("it ends") { notes.all.count == 2 }
        #expect(notes.all.values == ["opened", "closed: in order"])
      }
    }
  }

  /// The port in the line `ACCEPT 127.0.0.1:PORT`.
  private static func port(in program: Program) -> Int? {
    while let line = program.line() {
      if line.hasPrefix("ACCEPT ") { return line.split(separator: ":").last.flatMap { Int($0) } }
    }
    return nil
  }

  /// Starts a server of Python that does something with one connection.
  private func python(_ script: String) throws -> (program: Program, port: Int) {
    let prelude = """
      import socket, ssl, sys
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain(sys.argv[1], sys.argv[2])
      listener = socket.create_server(("127.0.0.1", 0))
      print(listener.getsockname()[1], flush=True)
      s = context.wrap_socket(listener.accept()[0], server_side=True, suppress_ragged_eofs=False)

      """
    let program = try Program("python3", ["-I", "-c", prelude + script, files.certificate, files.key])
    return (program, try #require(program.line().flatMap { Int($0) }))
  }

  @Test("a server of Python echoes, and both sides end in order", .needs("python3"))
  func echo() throws {
    let (program, port) = try python(
      """
      while True:
          bytes = s.recv(65536)
          if not bytes: break
          s.sendall(bytes)
      s.unwrap()
      """)
    let notes = Notes()
    let sent = pattern(200_000)
    try withClients { clients in
      let handle = clients.connect(
        to: "tcp://127.0.0.1:\(port)", options: ConnectOptions(try TLSClient.test()), notes.service { $0.write(sent) },
        onFailure: notes.fail)
      try require("everything comes back") { notes.received.count == sent.count }
      #expect(notes.received == sent)
      handle.close()
      #expect(program.exitCode() == 0, "\(program.errorsSoFar)")
    }
  }

  @Test(
    "a server that cuts the stream is told apart from one that ends it", .needs("python3"), arguments: [true, false])
  func end(isOrderly: Bool) throws {
    let (program, port) = try python("s.sendall(b'some')\n" + (isOrderly ? "s.unwrap()" : "s.shutdown(socket.SHUT_WR)"))
    let notes = Notes()
    try withClients { clients in
      _ = clients.connect(
        to: "tcp://localhost:\(port)", options: ConnectOptions(try TLSClient.test()), notes.service(),
        onFailure: notes.fail)
      try require("it ends") { notes.all.count == 2 }
      #expect(notes.received == Array("some".utf8))
      let end = isOrderly ? "in order" : "the stream of the peer ended without close_notify"
      #expect(notes.all.values == ["opened", "closed: \(end)"])
      _ = program.exitCode()
    }
  }
}
