import Foundation
import Testing

@testable import LoadGenerator

@Suite("The command")
struct CommandTests {
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String
  }

  func gnetLoad(_ arguments: String..., input: String = "") throws -> Outcome {
    let process = Process()
    let beside = Bundle.main.bundleURL
    let places = [
      beside, beside.deletingLastPathComponent(), Bundle(for: Anchor.self).bundleURL.deletingLastPathComponent(),
    ]
    let candidates = places.map { $0.appending(path: "gnet-load").path }
    let program = try #require(candidates.first(where: FileManager.default.isExecutableFile(atPath:)))
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let (output, errors, given) = (Pipe(), Pipe(), Pipe())
    (process.standardOutput, process.standardError, process.standardInput) = (output, errors, given)
    try process.run()
    try given.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try given.fileHandleForWriting.close()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let problem = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: text, errors: problem)
  }

  private final class Anchor {}

  @Test("it prints a report in JSON")
  func json() throws {
    let server = try TestServer()
    defer { server.stop() }
    let outcome = try gnetLoad(server.address, "--requests", "100", "-c", "4", "-p", "2")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    #expect(report.requests == 100 && report.connections == 4 && report.pipeline == 2)
  }

  @Test("an error is one line on standard error, and a status")
  func errors() throws {
    let server = try TestServer { _ in nil }
    defer { server.stop() }
    let outcome = try gnetLoad(server.address, "--requests", "100")
    #expect(outcome.status == 1 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("closed the connection") && outcome.errors.split(separator: "\n").count == 1)
  }

  @Test("paces exclude each other")
  func usage() throws {
    let outcome = try gnetLoad("127.0.0.1:1", "--lockstep", "--reconnect")
    #expect(outcome.status == 64 && outcome.errors.contains("exclude each other"))
  }

  @Test("it holds connections in steps")
  func hold() throws {
    let server = try TestServer()
    defer { server.stop() }
    let outcome = try gnetLoad("hold", server.address, "-c", "25", "-s", "5000", input: "\n\n\n")
    #expect(outcome.status == 0 && outcome.output == "opened\nechoed\nclosed\n", "\(outcome.errors)")
    #expect(server.connectionCount == 25)
  }
}
