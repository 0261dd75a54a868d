import Foundation
import TestPeers
import Testing

@Suite("http, with clients that others have written")
struct HTTPForeignClientTests {

  /// Runs curl quietly, without the environment's proxies.
  private func curl(_ arguments: [String], input: [UInt8] = []) throws -> String {
    let options = ["--silent", "--show-error", "--noproxy", "*", "--max-time", "60"]
    return String(decoding: try output(of: "curl", options + arguments, input: input), as: UTF8.self)
  }

  @Test("curl gets, heads and posts", .needs("curl"), arguments: [1, 2])
  func curl(loops: Int) throws {
    let server = try HTTPServer(loops: loops)
    #expect(try curl([server.url("/plaintext")]) == "Hello, World!")
    #expect(try curl([server.url("/json?a=b")]) == #"{"message":"Hello, World!"}"#)
    #expect(try curl(["--head", server.url("/")]).contains("\r\nContent-Type: text/html; charset=utf-8\r\n"))
    #expect(try curl(["--data", "a=b", server.url("/echo")]) == "a=b")
    #expect(try curl([server.url("/delay/100")]) == "100 ms later\n")
    let code = ["--output", "/dev/null", "--write-out", "%{http_code} %{http_version}"]
    #expect(try curl(code + [server.url("/nothing")]) == "404 1.1")
    #expect(try curl(code + ["--request", "PUT", server.url("/")]) == "405 1.1")
    #expect(try curl(code + ["--request", "BREW", server.url("/")]) == "501 1.1")
    #expect(try curl(code + ["--request", "OPTIONS", "--request-target", "*", server.url("/")]) == "204 1.1")
  }

  @Test(
    "curl uploads at a given length and in chunks, asked for it or not",
    .needs("curl"), arguments: [[], ["Transfer-Encoding: chunked"]],
    ["Expect:", "Expect: 100-continue"])
  func upload(framing: [String], expectation: String) throws {
    let server = try HTTPServer(loops: 2)
    let body = String(repeating: "0123456789abcde\n", count: 1 << 16)
    let headers = (framing + [expectation]).flatMap { ["--header", $0] }
    #expect(try curl(headers + ["--data-binary", "@-", server.url("/echo")], input: Array(body.utf8)) == body)
  }

  @Test("curl comes by a unix socket as well", .needs("curl"))
  func unixSocket() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "http-\(UUID().uuidString.prefix(8))").path
    let program = try Program("http", ["unix://\(path)"])
    #expect(program.line() == "listening on unix://\(path)")
    #expect(try curl(["--unix-socket", path, "http://localhost/delay/5"]) == "5 ms later\n")
  }

  @Test("curl gets the answer to an upload that is refused while it sends", .needs("curl"))
  func refusedUpload() throws {
    let server = try HTTPServer()
    let code = ["--header", "Expect:", "--output", "/dev/null", "--write-out", "%{http_code}", "--data-binary", "@-"]
    #expect(try curl(code + [server.url("/echo")], input: [UInt8](repeating: 0, count: (16 << 20) + 1)) == "413")
    try server.expectService()
  }

  @Test("curl learns that an upload is too large before it sends it", .needs("curl"))
  func tooLarge() throws {
    let server = try HTTPServer()
    let file = FileManager.default.temporaryDirectory.appending(path: "http-\(UUID().uuidString.prefix(8))")
    try Data(count: (16 << 20) + 1).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let answer = try curl([
      // By itself curl waits a second for the answer.
      "--header", "Expect: 100-continue", "--expect100-timeout", "60", "--data-binary", "@\(file.path)", "--write-out",
      " %{http_code} %{size_upload}",
      server.url("/echo"),
    ])
    #expect(answer.hasSuffix(" 413 0"))
  }

  @Test("curl keeps a connection for many requests, and does with HTTP/1.0", .needs("curl"))
  func keepAlive() throws {
    let server = try HTTPServer()
    let count = ["--write-out", "%{num_connects} ", "--output", "/dev/null"]
    let two = [server.url("/plaintext"), "--output", "/dev/null", server.url("/json"), "--output", "/dev/null"]
    #expect(try curl(["--write-out", "%{num_connects} "] + two) == "1 0 ")
    #expect(
      try curl(["--http1.0", "--header", "Connection: keep-alive", "--write-out", "%{num_connects} "] + two) == "1 0 ")
    #expect(try curl(["--http1.0"] + count + [server.url("/plaintext")]) == "1 ")
  }

  @Test("nc gets all the answers to what it pipelines", .needs("nc"), arguments: [1, 2])
  func netcat(loops: Int) throws {
    let server = try HTTPServer(loops: loops)
    let requests =
      String(repeating: get("/plaintext") + get("/delay/20"), count: 10) + get("/json", "Connection: close\r\n")
    let answers = String(
      decoding: try output(of: "nc", ["-N", "127.0.0.1", server.port], input: Array(requests.utf8)), as: UTF8.self)
    let pattern = #"Hello, World![\s\S]*?\r\n\r\n20 ms later\n"#
    #expect(answers.matches(of: try Regex(pattern)).count == 10)
    #expect(answers.hasSuffix(#"{"message":"Hello, World!"}"#))
  }

  @Test("wrk meets no errors", .needs("wrk"), arguments: [1, 2])
  func wrk(loops: Int) throws {
    let server = try HTTPServer(loops: loops)
    let report = String(
      decoding: try output(of: "wrk", ["-t1", "-c32", "-d1s", server.url("/plaintext")]), as: UTF8.self)
    #expect(report.contains("Requests/sec:"))
    #expect(!report.contains("Socket errors") && !report.contains("Non-2xx"), "\(report)")
    try server.expectService()
  }

  @Test("Python's http.client speaks with it", .needs("python3"))
  func python() throws {
    let server = try HTTPServer(loops: 2)
    let script = """
      import http.client, json, sys
      connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
      def ask(*arguments, **options):
          connection.request(*arguments, **options)
          response = connection.getresponse()
          return response, response.read()
      response, body = ask("GET", "/json")
      assert json.loads(body)["message"] == "Hello, World!"
      socket = connection.sock
      response, body = ask("HEAD", "/")
      assert body == b"" and int(response.headers["Content-Length"]) > 0
      response, body = ask("POST", "/echo", body=b"x" * 1000000)
      assert body == b"x" * 1000000
      response, body = ask("POST", "/echo", body=iter([b"ab", b"", b"c"]), encode_chunked=True)
      assert body == b"abc"
      response, body = ask("GET", "/delay/50")
      assert response.status == 200
      response, body = ask("GET", "/echo")
      assert response.status == 405 and response.headers["Allow"] == "POST, OPTIONS"
      assert connection.sock is socket
      response, body = ask("GET", "/", headers={"Connection": "close"})
      assert response.will_close and connection.sock is None
      print("done")
      """
    #expect(try output(of: "python3", ["-c", script, server.port]) == Array("done\n".utf8))
  }
}
