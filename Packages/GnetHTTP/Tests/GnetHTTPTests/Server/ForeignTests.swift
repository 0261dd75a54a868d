import GnetHTTP
import TestPeers
import TestSupport
import Testing

@Suite("A service of HTTP, among programs that others have written")
struct ForeignTests {
  private static var router: Router {
    var router = Router()
    router.get("/plain") { _ in Response("Hello, World!") }
    router.post("/echo") { _ in .collectingBody { body in Response(.ok, bytes: body) } }
    router.post(
      "/stream",
      async: { request in
        .streaming(async: { body in
          for try await part in request.body { try await body.write(part) }
        })
      })
    router.get("/later") { request in
      let loop = request.loop
      return .later { pending in loop.schedule(after: .milliseconds(20)) { pending.send(Response("later")) }.keep() }
    }
    return router
  }

  /// Runs a program to its end, which must be a success, and returns its output.
  private func output(of name: String, _ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
    let program = try Program(name, arguments, input: .bytes(input))
    let output = program.outputToEnd()
    #expect(program.exitCode() == 0, "\(program.errorsToEnd())")
    return output
  }

  private func curl(_ arguments: String..., input: [UInt8] = []) throws -> [UInt8] {
    let options = ["--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "60"]
    return try output(of: "curl", options + arguments, input: input)
  }

  /// A megabyte that no coding leaves as it is.
  private let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

  @Test("curl gets back what it uploads, at a given length and in chunks", .needs("curl"))
  func uploads() throws {
    try withServer(.http(Self.router), loops: 2) { server in
      for path in ["/echo", "/stream"] {
        for fields in ["Expect:", "Transfer-Encoding: chunked"] {
          let url = "http://\(server.addresses[0])\(path)"
          let isSame = try curl("--header", fields, "--data-binary", "@-", url, input: body) == body
          #expect(isSame, "\(path), \(fields)")
        }
      }
    }
  }

  private static let python = Python.installed(with: "h11")

  @Test(
    "h11, a strict client, agrees with all that is sent", .enabled(if: python != nil, "h11 for Python is not there"))
  func h11() throws {
    try withServer(.http(Self.router), loops: 2) { server in
      let script = """
        import h11, socket, sys
        connection, client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60), h11.Connection(h11.CLIENT)
        def ask(method, target, chunks=None, fields=()):
            if client.our_state is h11.DONE: client.start_next_cycle()
            framing = [] if chunks is None else [("Transfer-Encoding", "chunked")]
            out = client.send(h11.Request(method=method, target=target, headers=[("Host", "x"), *framing, *fields]))
            for chunk in chunks or (): out += client.send(h11.Data(chunk))
            connection.sendall(out + client.send(h11.EndOfMessage()))
            status, body = None, b""
            while True:
                event = client.next_event()
                if event is h11.NEED_DATA: client.receive_data(connection.recv(65536))
                elif isinstance(event, h11.Response): status = event.status_code
                elif isinstance(event, h11.Data): body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage): return status, body
        assert ask("GET", "/plain") == (200, b"Hello, World!")
        assert ask("HEAD", "/plain") == (200, b"")
        assert ask("GET", "/later") == (200, b"later")
        assert ask("POST", "/echo", [b"ab", b"c"]) == (200, b"abc")
        assert ask("POST", "/stream", [b"x" * 30000] * 9) == (200, b"x" * 270000)
        assert ask("OPTIONS", "/plain") == (204, b"")
        assert ask("GET", "/nothing")[0] == 404
        assert ask("GET", "/plain", fields=[("Connection", "close")])[0] == 200
        assert client.their_state is h11.MUST_CLOSE and connection.recv(1) == b""
        print("done")
        """
      let port = try #require(server.addresses[0].port)
      #expect(try output(of: Self.python!, ["-c", script, "\(port)"]) == Array("done\n".utf8))
    }
  }

  @Test("HAProxy finds it healthy, and passes requests to it", .needs("haproxy", "curl"))
  func haproxy() throws {
    try withServer(.http(Self.router)) { server in
      let haproxy = try HAProxy(
        mode: "http", "option httpchk OPTIONS /plain", "http-check expect status 204",
        "default-server inter 100ms rise 1 init-addr none", "server gnet \(server.addresses[0]) check")
      try expectAnswers(through: haproxy.path)
    }
  }

  @Test("nginx passes requests to it", .needs("nginx", "curl"))
  func nginx() throws {
    try withServer(.http(Self.router)) { server in
      let (path, folder) = (Files.temporaryPath(), Files.temporaryPath())
      Files.makeDirectory(folder)
      let configuration = """
        daemon off;
        master_process off;
        pid \(folder)/pid;
        error_log stderr;
        events {}
        http {
          access_log off;
          client_body_temp_path \(folder)/body;
          proxy_temp_path \(folder)/proxy;
          fastcgi_temp_path \(folder)/fastcgi;
          uwsgi_temp_path \(folder)/uwsgi;
          scgi_temp_path \(folder)/scgi;
          client_max_body_size 2m;
          upstream gnet { server \(server.addresses[0]); keepalive 4; }
          server {
            listen unix:\(path);
            location / {
              proxy_pass http://gnet;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
              proxy_request_buffering off;
            }
          }
        }
        """
      Files.write(configuration, to: "\(folder)/nginx.conf")
      let program = try Program("nginx", ["-p", folder, "-c", "\(folder)/nginx.conf"])
      defer { _ = program }
      try expectAnswers(through: path)
    }
  }

  /// Fails the test unless curl is answered through a unix socket.
  private func expectAnswers(through path: String) throws {
    try require("the proxy listens") { (try? Client(path: path)) != nil }
    let url = "http://localhost"
    let greeting = try curl("--unix-socket", path, "\(url)/plain", "\(url)/later", "\(url)/plain")
    #expect(String(decoding: greeting, as: UTF8.self) == "Hello, World!laterHello, World!")
    for target in ["/echo", "/stream"] {
      let isSame = try curl("--unix-socket", path, "--data-binary", "@-", url + target, input: body) == body
      #expect(isSame, "\(target)")
    }
  }
}
