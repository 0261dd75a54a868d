import Foundation
import TestPeers
import TestSupport
import Testing

@Suite("proxy, among programs that we did not write")
struct ProxyForeignTests {
  /// The example in front of an address, on a port of its own.
  private func proxy(to address: String, _ arguments: [String] = []) throws -> Example {
    try Example("proxy", loops: 2, ["--to", address] + arguments)
  }

  // MARK: Clients

  @Test("curl is answered through it", .needs("curl"))
  func curl() throws {
    let server = try Example("http", loops: 1)
    let proxy = try proxy(to: "127.0.0.1:\(server.port)")
    try expectAnswersToCurl(at: proxy.port)
    proxy.end()
    server.end()
  }

  @Test("redis-cli is answered through it", .needs("redis-cli"))
  func redis() throws {
    let server = try RedisServer(loops: 2)
    let proxy = try proxy(to: "unix://\(server.path)")
    func cli(_ arguments: String..., input: String = "") throws -> String {
      let output = try output(of: "redis-cli", ["-p", proxy.port] + arguments, input: Array(input.utf8))
      return String(decoding: output, as: UTF8.self)
    }
    #expect(try cli("SET", "k", "a b") == "OK\n")
    #expect(try cli(input: "get k\nrpush l 1 2 3\nlrange l 0 -1\n") == "a b\n3\n1\n2\n3\n")
    // Piped input is sent as it is, and the end of the stream behind it.
    let commands = String(repeating: "INCR n\r\n", count: 20_000)
    #expect(try cli("--pipe", input: commands).contains("errors: 0, replies: 20000"))
    #expect(try cli("GET", "n") == "20000\n")
    proxy.end()
    server.stop()
  }

  @Test("socat gets back what it has sent, its end included", .needs("socat"))
  func socat() throws {
    let server = try Example("chat", loops: 1)
    let proxy = try proxy(to: "localhost:\(server.port)")
    let arguments = ["-t", "20", "-", "TCP4:127.0.0.1:\(proxy.port)"]
    let answer = try output(of: "socat", arguments, input: Array("a\n/who\n".utf8))
    #expect(String(decoding: answer, as: UTF8.self) == "* welcome to lobby, a\n* in lobby: a\n")
    proxy.end()
    server.end()
  }

  // MARK: HAProxy

  @Test("it serves in front of HAProxy and behind it", .needs("haproxy", "curl"), arguments: ["v1", "v2"])
  func both(version: String) throws {
    let server = try Example("http", loops: 1)
    let path = Files.temporaryPath()
    let behind = try Program("proxy", ["unix://\(path)", "--to", "127.0.0.1:\(server.port)"])
    _ = behind.line()
    let haproxy = try HAProxy(mode: "tcp", acceptsHeader: true, "server proxy unix@\(path)")
    let front = try proxy(to: "unix://\(haproxy.path)", ["--send-proxy", version])
    try expectAnswersToCurl(at: front.port)
    front.end()
    behind.signal(SIGTERM)
    #expect(behind.exitCode() == 0)
    server.end()
  }

  @Test(
    "HAProxy knows the client by the header", .needs("haproxy", "python3"),
    arguments: ["v1", "v2"], ["127.0.0.1", "[::1]"])
  func header(version: String, host: String) throws {
    let haproxy = try HAProxy(
      mode: "http", acceptsHeader: true,
      #"http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]""#)
    try ProxyScript.run(
      """
      options = ["--send-proxy", "\(version)", "--check-interval", "0"]
      proxy = Proxy("unix://\(haproxy.path)", address="tcp://\(host):0", options=options)
      client = proxy.connect()
      client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
      mine, theirs = client.getsockname(), client.getpeername()
      body = rest(client).decode().split("\\r\\n\\r\\n")[1]
      equal(body, f"{mine[0]} {mine[1]} {theirs[0]} {theirs[1]}")
      proxy.end()
      """)
  }

  private func expectAnswersToCurl(at port: String) throws {
    func curl(_ arguments: String..., input: [UInt8] = []) throws -> [UInt8] {
      try output(of: "curl", ["--silent", "--fail", "--noproxy", "*", "--max-time", "60"] + arguments, input: input)
    }
    let address = "http://127.0.0.1:\(port)"
    let greeting = try curl("\(address)/plaintext", "\(address)/plaintext")
    #expect(String(decoding: greeting, as: UTF8.self) == "Hello, World!Hello, World!")
    let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    let isSame = try curl("--data-binary", "@-", "\(address)/echo", input: body) == body
    #expect(isSame)
  }
}
