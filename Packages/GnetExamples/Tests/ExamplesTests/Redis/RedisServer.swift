import Foundation
import TestPeers
import Testing

/// The example, or a real redis-server, running on a unix socket.
final class RedisServer {
  let program: Program
  let path: String

  /// Whether there is a real one.
  static let isInstalled = Program.path(of: "redis-server") != nil

  private init(_ name: String, _ arguments: (String) -> [String]) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "redis-\(UUID().uuidString.prefix(8))").path
    program = try Program(name, arguments(path))
  }

  // A server that was not stopped in order has left its socket behind.
  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The example.
  convenience init(loops: Int = 1, _ arguments: [String] = []) throws {
    try self.init("redis") { ["unix://\($0)", "tcp://127.0.0.1:0", "--loops", "\(loops)"] + arguments }
    _ = program.line()
  }

  /// The real one, which keeps nothing.
  static func real() throws -> RedisServer {
    try RedisServer("redis-server") {
      ["--port", "0", "--unixsocket", $0, "--save", "", "--appendonly", "no", "--loglevel", "warning"]
    }
  }

  /// The example's port; to be asked for once.
  func port() throws -> String { try ExamplesTests.port(in: program.line()) }

  /// A client, as soon as the server is there.
  func connect() throws -> RedisClient {
    let deadline = ContinuousClock.now + .seconds(20)
    while true {
      if let client = RedisClient(path: path) { return client }
      if ContinuousClock.now > deadline { throw ProgramError(description: "no connection to \(path)") }
      Thread.sleep(forTimeInterval: 0.01)
    }
  }

  /// Fails the test unless a new client is served as ever.
  func expectService() throws {
    #expect(try connect().call("PING") == "+PONG\r\n")
  }

  /// Ends the server in order.
  func stop() {
    program.signal(SIGTERM)
    #expect(program.exitCode() == 0)
  }
}
