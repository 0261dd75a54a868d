import Foundation
import TestPeers
import TestSupport
import Testing

@Suite("The arguments of all examples")
struct ServerArgumentsTests {
  /// Runs the example `echo` with limits of the shell.
  private func echo(_ limits: String, _ arguments: [String] = []) throws -> Program {
    let path = try #require(Program.path(of: "echo"))
    return try Program("sh", ["-c", #"\#(limits) && exec "$0" "$@""#, path, "tcp://127.0.0.1:0"] + arguments)
  }

  @Test("a proxy's header is taken where it is wanted, and is part of the connection otherwise")
  func proxyProtocol() throws {
    let header = "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n"
    for (word, answer) in [("off", header + "hello"), ("optional", "hello"), ("required", "hello")] {
      let echo = try echo("true", ["--proxy-protocol", word])
      let port = try #require(Int(try port(in: echo.line())))
      let client = try Client(port: port)
      try client.send(header + "hello")
      #expect(try client.receiveText(answer.utf8.count) == answer)
      let without = try Client(port: port)
      try without.send("hello")
      if word == "required" {
        #expect(((try? without.receiveToEnd()) ?? []).isEmpty)
      } else {
        #expect(try without.receiveText(5) == "hello")
      }
      client.close()
      without.close()
      echo.signal(SIGTERM)
      #expect(echo.exitCode() == 0)
    }
    #expect(try echo("true", ["--proxy-protocol", "yes"]).exitCode() == 64)
  }

  @Test("a server may have as many descriptors as the system lets it raise the limit to")
  func limit() throws {
    let echo = try echo("ulimit -Sn 40 && ulimit -Hn 300")
    let port = try #require(Int(try port(in: echo.line())))
    let clients = try (0..<200).map { _ in try Client(port: port) }
    for client in clients {
      try client.send("hello")
      #expect(try client.receiveText(5) == "hello")
    }
    echo.signal(SIGTERM)
    for client in clients { client.close() }
    #expect(echo.exitCode() == 0)
    #expect(echo.errorsToEnd() == "")
  }

  @Test("a shortage of descriptors is a few lines on standard error, and passes", arguments: ["warning", "critical"])
  func shortage(level: String) throws {
    let echo = try echo("ulimit -n 40", ["--log-level", level])
    let port = try #require(Int(try port(in: echo.line())))
    let clients = try (0..<60).map { _ in try Client(port: port) }
    for client in clients { try client.send("hello") }
    // Some are served, and the others when these have gone.
    #expect(try clients[0].receiveText(5) == "hello")
    if level == "warning" { try require("it is logged") { echo.errorsSoFar.contains("Too many open files") } }
    #expect(!clients[59].isReadable(within: .milliseconds(300)))
    for client in clients.prefix(40) { client.close() }
    for client in clients.dropFirst(40) { #expect(try client.receiveText(5) == "hello") }
    for client in clients { client.close() }
    echo.signal(SIGTERM)
    #expect(echo.exitCode() == 0)
    let lines = echo.errorsToEnd().split(separator: "\n")
    #expect(level == "warning" ? 1...5 ~= lines.count : lines.isEmpty, "\(lines)")
    #expect(echo.outputToEnd().isEmpty)
  }

  /// The states of the connections to a port, as hexadecimal numbers, and those of them that wait for a keep-alive probe.
  private func connections(to port: Int) throws -> (states: [String], probed: Int) {
    // Of a file without a length, `String(contentsOfFile:)` reads the beginning.
    let bytes = try FileHandle(forReadingFrom: URL(filePath: "/proc/net/tcp")).readToEnd()
    let table = String(decoding: bytes ?? Data(), as: UTF8.self)
    let local = ":" + String(port + 0x10000, radix: 16, uppercase: true).suffix(4)
    // The local address, the peer's, the state, the queues, and the kind of the timer: 02 is that of the probes.
    let lines = table.split(separator: "\n").map { $0.split(separator: " ") }
      .filter { $0.count > 5 && $0[1].hasSuffix(local) && $0[3] != "0A" }
    return (lines.map { String($0[3]) }, lines.count { $0[5].hasPrefix("02:") })
  }

  @Test("silent clients are probed, so that those whose machines are gone leave", arguments: ["chat", "redis", "push"])
  func probes(name: String) throws {
    let options = name == "push" ? ["--interval", "86400000"] : []
    let server = try Program(name, ["tcp://127.0.0.1:0", "--drain-timeout", "0"] + options)
    let port = try #require(Int(try port(in: server.line())))
    let client = try Client(port: port)
    try require("the client is probed") { try connections(to: port).probed == 1 }
    // To push, a client that has closed looks like a client that still listens, until a probe is answered.
    if name == "push" {
      client.close()
      try require("the client is probed") { try connections(to: port) == (["08"], 1) }
    }
    server.signal(SIGTERM)
    client.close()
    #expect(server.exitCode() == 0)
  }

  @Test("paths of unix sockets that another program removes are there again, that of the metrics too")
  func removedPaths() throws {
    let folder = FileManager.default.temporaryDirectory
    let paths = ["echo", "metrics"].map { folder.appending(path: "\($0)-\(UUID().uuidString.prefix(8))").path }
    let echo = try Program("echo", ["unix://\(paths[0])", "--loops", "2", "--metrics", paths[1]])
    #expect(echo.line() == "listening on unix://\(paths[0])")
    for path in paths { try FileManager.default.removeItem(atPath: path) }
    for path in paths {
      try require("the path is bound again") { echo.errorsSoFar.contains("\(path) was removed by another program") }
    }
    let client = try Client(path: paths[0])
    try client.send("hello")
    #expect(try client.receiveText(5) == "hello")
    #expect(try !Client(path: paths[1]).receiveToEnd().isEmpty)
    client.close()
    echo.signal(SIGTERM)
    #expect(echo.exitCode() == 0)
    for path in paths { #expect(!FileManager.default.fileExists(atPath: path)) }
  }

  @Test("levels of the log are told in the words that are accepted")
  func levels() throws {
    let echo = try Program("echo", ["--log-level", "loud"])
    let words = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
    let message = echo.errorsToEnd()
    #expect(words.allSatisfy(message.contains) && echo.exitCode() == 64)
    for word in words {
      let echo = try Program("echo", ["tcp://127.0.0.1:0", "--log-level", word])
      #expect(echo.line()?.hasPrefix("listening on ") == true)
      echo.signal(SIGTERM)
      #expect(echo.exitCode() == 0)
    }
  }
}
