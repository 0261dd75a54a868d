import Foundation
import TestPeers
import TestSupport
import Testing

/// The programs of Gnet's documentation that end by a signal.
@Suite("A program that ends by a signal")
struct SignalTests {
  @Test("in a ServiceGroup, SIGTERM and SIGINT let the requests under way be answered", arguments: [SIGTERM, SIGINT])
  func serviceGroup(number: Int32) throws {
    let program = try Program("service-group", ["tcp://127.0.0.1:0"])
    try require("it listens") { program.errorsSoFar.contains(/listening on [0-9.]+:[0-9]+\n/) }
    let port = try #require(program.errorsSoFar.firstMatch(of: /listening on [0-9.]+:(?<port>[0-9]+)\n/)?.port)
    let (idle, busy) = try (Client(port: #require(Int(port))), Client(port: #require(Int(port))))
    try busy.send("first\n")
    #expect(try busy.receiveLine() == "first")
    try busy.send("second\n")
    program.signal(number)
    #expect(try idle.receiveToEnd() == [])
    #expect(try busy.receiveToEnd() == Array("second\n".utf8))
    #expect(program.exitCode() == 0)
  }

  private func start(_ name: String) throws -> (program: Program, client: Client, path: String) {
    let path = Files.temporaryPath()
    let program = try Program(name, ["unix://\(path)"])
    var client: Client?
    try require("it listens") {
      client = try? Client(path: path)
      return client != nil
    }
    let connected = try #require(client)
    try connected.send("hello")
    #expect(try connected.receiveText(2) == "ok")
    return (program, connected, path)
  }

  @Test(
    "the programs of the guide end in order by SIGTERM",
    arguments: ["WaitingMain", "AsyncMain"])
  func guide(name: String) throws {
    let (program, client, path) = try start(name)
    program.signal(SIGTERM)
    #expect(try client.receiveToEnd() == [])
    #expect(program.exitCode() == 0)
    #expect(!Files.exists(path))
  }

  @Test("the programs of the guide end when a callback ends the server", arguments: ["WaitingMain", "AsyncMain"])
  func callback(name: String) throws {
    let (program, client, path) = try start(name)
    try client.send("end")
    #expect(try client.receiveToEnd() == Array("ok".utf8))
    #expect(program.exitCode() == 0)
    #expect(!Files.exists(path))
  }

  @Test("the guide shows these programs", arguments: ["WaitingMain", "AsyncMain"])
  func isShown(name: String) throws {
    let package = Files.packageFolder()
    let guide = try #require(Files.text("\(package)/../Gnet/Sources/Gnet/Gnet.docc/ShuttingDown.md"))
    let source = try #require(Files.text("\(package)/Tests/\(name)/main.swift"))
    let start = try #require(source.firstRange(of: "// Shown in the guide:\n")?.upperBound)
    let code = source[start...].replacing("Listener(address,", with: "Listener(\"tcp://:9000\",")
    #expect(guide.contains("import Gnet\n\n\(code)```\n"))
  }
}
