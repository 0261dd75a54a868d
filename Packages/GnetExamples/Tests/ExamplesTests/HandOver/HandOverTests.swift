import Foundation
import TestPeers
import TestSupport
import Testing

@Suite("SIGUSR2")
struct HandOverTests {
  /// Expects that a server sends back what it gets.
  private func expectEcho(_ address: SocketName, datagrams: Bool = false) throws {
    let client = try Client(address, datagrams: datagrams)
    try client.send("hello")
    #expect(String(decoding: try client.receive(exactly: datagrams ? 1 : 5).prefix(1), as: UTF8.self) == "h")
  }

  @Test(
    "a new process takes the sockets over, and the old one ends when its connections have ended",
    arguments: [1, 3])
  func takeover(loops: Int) throws {
    let manager = try ServiceManager()
    let path = Files.temporaryPath()
    let echo = try Program(
      "echo",
      [
        "tcp://127.0.0.1:0?reuseport=true", "tcp://localhost:0", "unix://\(path)", "udp://127.0.0.1:0?reuseport=true",
        "--loops", "\(loops)", "--drain-timeout", "3600",
      ], environment: manager.environment)
    let lines = (0..<4).map { _ in echo.line() ?? "" }
    let ports = try [0, 1, 3].map { SocketName(port: try #require(Int(try port(in: lines[$0])))) }
    #expect(try manager.message() == "READY=1")
    let old = try Client(ports[0])
    try old.send("before")
    #expect(try old.receiveText(6) == "before")

    let successor = try manager.handOver(from: echo.processIdentifier)
    // The successor says the same as the first process.
    #expect((0..<4).map { _ in echo.line() ?? "" } == lines)
    for _ in 0..<8 {
      try expectEcho(ports[0])
      try expectEcho(ports[1])
      try expectEcho(SocketName(path: path))
      try expectEcho(ports[2], datagrams: true)
    }
    try old.send("behind")
    #expect(try old.receiveText(6) == "behind")
    #expect(!echo.hasEnded)
    old.close()
    #expect(echo.exitCode() == 0)
    #expect(Files.exists(path))
    try expectEcho(ports[0])
    try manager.end(successor)
    #expect(!Files.exists(path))
  }

  @Test("no request is lost in five hand-overs under load", arguments: [1, 2])
  func load(loops: Int) throws {
    let manager = try ServiceManager()
    let http = try Program(
      "http", ["tcp://127.0.0.1:0", "--loops", "\(loops)"], environment: manager.environment)
    let address = SocketName(port: try #require(Int(try port(in: http.line()))))
    #expect(try manager.message() == "READY=1")
    let (isOver, answered, lost) = (Flag(), Counter(), Log<String>())
    let clients = (0..<4).map { _ in
      TestThread {
        while !isOver.isSet {
          guard let client = try? HTTPClient(address) else {
            lost.add("a connection")
            continue
          }
          var mayAsk = true
          while mayAsk, !isOver.isSet {
            client.send(get("/plaintext"))
            guard let response = client.response(), response.status == 200 else {
              lost.add("a request")
              break
            }
            answered.add()
            mayAsk = response.fields["connection"] != "close"
          }
        }
      }
    }
    var process = http.processIdentifier
    for _ in 0..<5 {
      let before = answered.value
      process = try manager.handOver(from: process)
      try require("requests are answered") { answered.value > before + 50 }
    }
    isOver.set()
    for client in clients { client.join() }
    #expect(lost.values == [])
    #expect(http.exitCode() == 0)
    try manager.end(process)
  }

  /// The path of a program, which another program can take.
  private func withReplaceable(_ name: String, _ body: (String) throws -> Void) throws {
    let path = Files.temporaryPath()
    defer { Files.remove(path) }
    Files.makeLink(path, to: try #require(Program.path(of: name)))
    try body(path)
  }

  private func replace(_ path: String, by program: String) {
    Files.remove(path)
    Files.makeLink(path, to: program)
  }

  @Test("when the new process fails, the old one says so in a line and goes on")
  func failure() throws {
    try withReplaceable("echo") { program in
      let manager = try ServiceManager()
      let echo = try Program(program, ["tcp://127.0.0.1:0"], environment: manager.environment)
      let address = SocketName(port: try #require(Int(try port(in: echo.line()))))
      #expect(try manager.message() == "READY=1")
      // The next version of the program cannot start.
      replace(program, by: try #require(Program.path(of: "false")))
      echo.signal(SIGUSR2)
      #expect(try manager.message().hasPrefix("RELOADING=1\n"))
      #expect(try manager.message() == "READY=1")
      try require("the log says so") { echo.errorsSoFar.hasSuffix("\n") }
      #expect(echo.errorsSoFar.contains("no successor has taken over: the successor has ended with exit code 1"))
      #expect(echo.errorsSoFar.split(separator: "\n").count == 1)
      try expectEcho(address)
      echo.signal(SIGTERM)
      #expect(try manager.message() == "STOPPING=1")
      #expect(echo.exitCode() == 0)
    }
  }

  @Test("SIGTERM during a hand-over ends both processes")
  func end() throws {
    let (script, started) = (Files.temporaryPath(), Files.temporaryPath())
    defer { for path in [script, started] { Files.remove(path) } }
    Files.write("#!/bin/sh\necho $$ > \(started).new; mv \(started).new \(started); exec sleep 1000\n", to: script)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    try withReplaceable("echo") { program in
      let echo = try Program(program, ["tcp://127.0.0.1:0"])
      _ = try port(in: echo.line())
      replace(program, by: script)
      echo.signal(SIGUSR2)
      try require("the successor has started") { Files.exists(started) }
      let text = try #require(Files.text(started)?.dropLast())
      let successor = try #require(Int32(text))
      echo.signal(SIGTERM)
      #expect(echo.exitCode() == 0)
      try require("the successor ends") { !isRunning(successor) }
    }
  }

  @Test("the socket of metrics is handed over as well", .needs("socat"))
  func metrics() throws {
    let manager = try ServiceManager()
    let path = Files.temporaryPath()
    let echo = try Program("echo", ["tcp://127.0.0.1:0", "--metrics", path], environment: manager.environment)
    _ = echo.line()
    #expect(try manager.message() == "READY=1")
    let successor = try manager.handOver(from: echo.processIdentifier)
    #expect(echo.exitCode() == 0)
    #expect(try !output(of: "socat", ["-", "UNIX-CONNECT:\(path)"]).isEmpty)
    #expect(echo.errorsSoFar == "")
    try manager.end(successor)
    #expect(!Files.exists(path))
  }
}
