import Foundation
import TestPeers
import Testing

@Suite("The end of a program")
struct EndingTests {

  /// A server on a unix socket that ends in a way of `EndingServer`, and the path of its socket.
  private func server(_ way: String) throws -> (program: Program, path: String) {
    let path = FileManager.default.temporaryDirectory.appending(path: "ending-\(UUID().uuidString.prefix(8))").path
    let program = try Program("EndingServer", ["unix://\(path)", "--loops", "2", "--way", way])
    if way != "at-once" { #expect(program.line() == "listening on unix://\(path)") }
    return (program, path)
  }

  @Test("a server that shuts down before it serves ends the program, with exit code 0 and without a word")
  func shutdownAtOnce() throws {
    let (program, _) = try server("at-once")
    #expect(program.outputToEnd().isEmpty)
    #expect(program.errorsToEnd() == "")
    #expect(program.exitCode() == 0)
  }

  @Test(
    "a callback that shuts the server down ends the program, with exit code 0, or with one line and exit code 1",
    .needs("nc"),
    arguments: [("shutdown", "", 0), ("failure", "Error: invalid address \"nowhere\": it has gone\n", 1)])
  func shutdown(way: String, errors: String, exitCode: Int32) throws {
    let (program, path) = try server(way)
    _ = try output(of: "nc", ["-U", path], input: [])
    #expect(program.errorsToEnd() == errors)
    #expect(program.exitCode() == exitCode)
  }

  @Test("the second signal ends a program whose loop is blocked", .needs("nc"), arguments: [SIGINT, SIGTERM])
  func secondSignal(number: Int32) throws {
    let (program, path) = try server("never")
    let client = try Program("nc", ["-U", path], input: .interactive)
    defer { client.signal(SIGKILL) }
    #expect(program.line() == "blocked")
    program.signal(number == SIGINT ? SIGTERM : SIGINT)
    // The first signal has closed the listening socket.
    let deadline = ContinuousClock.now + .seconds(20)
    while FileManager.default.fileExists(atPath: path), ContinuousClock.now < deadline { usleep(1000) }
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(!program.hasEnded)
    program.signal(number)
    // A program that a signal has ended: its number, below zero.
    #expect(program.exitCode() == -number)
  }

  @Test("a program that was started with SIGHUP ignored survives it", .needs("nc"))
  func ignoredHangup() throws {
    let echo = try #require(Program.path(of: "echo"))
    let program = try Program("sh", ["-c", #"trap "" HUP; exec "$0" tcp://127.0.0.1:0"#, echo])
    let port = try port(in: program.line())
    program.signal(SIGHUP)
    for _ in 0..<10 {
      #expect(try output(of: "nc", ["-N", "127.0.0.1", port], input: Array("x".utf8)) == Array("x".utf8))
    }
    #expect(!program.hasEnded)
    program.signal(SIGTERM)
    #expect(program.exitCode() == 0)
  }
}
