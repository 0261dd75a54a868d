import Foundation
import TestPeers
import TestSupport
import Testing

@Suite("sockets that a program is started with", .needs("python3"))
struct GivenSocketTests {
  /// Starts echo as a service manager does, with the sockets that a script leaves in `sockets`.
  private func echo(
    _ script: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Program {
    let prelude = """
      import os, socket, sys
      def tcp():
          s = socket.socket()
          s.bind(("127.0.0.1", 0))
          s.listen()
          return s
      def udp():
          s = socket.socket(type=socket.SOCK_DGRAM)
          s.bind(("127.0.0.1", 0))
          return s
      def unix(path):
          s = socket.socket(socket.AF_UNIX)
          s.bind(path)
          s.listen()
          return s

      """
    let start = """

      copies = [os.dup2(s.fileno(), 100 + i) for i, s in enumerate(sockets)]
      for i, copy in enumerate(copies): os.dup2(copy, 3 + i)
      for copy in copies: os.close(copy)
      os.environ.update(LISTEN_FDS=str(len(sockets)), LISTEN_PID=str(os.getpid()))
      os.execv(sys.argv[1], sys.argv[1:])
      """
    let path = try #require(Program.path(of: "echo"))
    return try Program("python3", ["-I", "-c", prelude + script + start, path] + arguments, environment: environment)
  }

  private func expectEcho(_ line: String?, datagrams: Bool = false) throws {
    let address = SocketName(port: try #require(Int(try port(in: line))))
    let client = try Client(address, datagrams: datagrams)
    try client.send("hello")
    #expect(try client.receive() == Array("hello".utf8))
  }

  @Test("sockets of systemd are served by their names, and printed as what they are bound to", arguments: [1, 3])
  func systemd(loops: Int) throws {
    let path = Files.temporaryPath()
    let echo = try echo(
      "sockets = [tcp(), udp(), unix('\(path)')]",
      ["systemd://", "systemd://datagrams", "systemd://local", "--loops", "\(loops)"],
      environment: ["LISTEN_FDNAMES": "web:datagrams:local"])
    let lines = (0..<3).map { _ in echo.line() ?? "" }
    #expect(lines[0].wholeMatch(of: /listening on tcp:\/\/127\.0\.0\.1:[1-9][0-9]*/) != nil)
    #expect(lines[1].wholeMatch(of: /listening on udp:\/\/127\.0\.0\.1:[1-9][0-9]*/) != nil)
    #expect(lines[2] == "listening on unix://\(path)")
    try expectEcho(lines[0])
    try expectEcho(lines[1], datagrams: true)
    echo.signal(SIGTERM)
    #expect(echo.exitCode() == 0)
    // The path is the manager's.
    #expect(Files.exists(path))
    Files.remove(path)
  }

  @Test("a descriptor is served by its number")
  func number() throws {
    let echo = try echo("sockets = [tcp(), tcp()]", ["fd://4"])
    try expectEcho(echo.line())
    echo.signal(SIGTERM)
    #expect(echo.exitCode() == 0)
  }

  @Test("sockets that were given are handed over as well", arguments: ["fd://3", "systemd://web"])
  func handOver(address: String) throws {
    let manager = try ServiceManager()
    let echo = try echo(
      "sockets = [tcp()]", [address], environment: manager.environment.merging(["LISTEN_FDNAMES": "web"]) { $1 })
    let line = echo.line()
    #expect(try manager.message() == "READY=1")
    let first = try manager.handOver(from: echo.processIdentifier)
    #expect(echo.exitCode() == 0)
    try expectEcho(line)
    // The successor of a successor has the sockets, too.
    let second = try manager.handOver(from: first)
    try expectEcho(line)
    try require("the first successor ends") { !isRunning(first) }
    try manager.end(second)
  }

  @Test("a descriptor that is not there is one line and exit code 1")
  func missing() throws {
    let echo = try Program("echo", ["fd://99"])
    #expect(echo.errorsToEnd() == "Error: getsockopt failed for address \"fd://99\": Bad file descriptor\n")
    #expect(echo.exitCode() == 1)
  }
}
