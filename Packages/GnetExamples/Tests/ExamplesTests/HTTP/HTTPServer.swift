import Foundation
import TestPeers
import Testing

/// The example, running.
final class HTTPServer {
  let program: Program
  let port: String

  init(loops: Int = 1, _ arguments: [String] = []) throws {
    program = try Program("http", ["tcp://127.0.0.1:0", "--loops", "\(loops)"] + arguments)
    port = try ExamplesTests.port(in: program.line())
  }

  func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

  func connect() throws -> HTTPClient { try HTTPClient(SocketName(port: try #require(Int(port)))) }

  /// Fails the test unless a client is served as ever.
  func expectService() throws {
    let client = try connect()
    client.send(get("/plaintext"))
    let response = client.response()
    #expect(response?.status == 200 && response?.body == "Hello, World!")
  }

  /// The memory that the server occupies.
  func residentBytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(program.processIdentifier)/status", encoding: .utf8)
    let line = try #require(status.firstMatch(of: /VmRSS:\s*(?<kilobytes>\d+) kB/))
    return try #require(Int(line.kilobytes)) << 10
  }

  /// Ends the server in order.
  func stop() {
    program.signal(SIGTERM)
    #expect(program.exitCode() == 0)
  }
}
