import Foundation
import TestPeers
import Testing

@Suite("--metrics")
struct MetricsTests {

  /// The schema, in the package beside this one.
  private static let schema = #filePath.components(separatedBy: "/GnetExamples/Tests/")[0] + "/GnetMetrics/proto"

  private static func freshPath() -> String {
    FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID().uuidString.prefix(8))").path
  }

  /// A snapshot as protoc prints it.
  private func snapshot(_ path: String) throws -> String {
    let bytes = try output(of: "socat", ["-", "UNIX-CONNECT:\(path)"])
    let arguments = ["--decode=gnet.metrics.v1.Snapshot", "--proto_path=\(Self.schema)", "metrics.proto"]
    return String(decoding: try output(of: "protoc", arguments, input: bytes), as: UTF8.self)
  }

  /// The sum of a counter over all loops.
  private func total(_ name: String, in snapshot: String) -> Int {
    snapshot.split(separator: "\n").reduce(0) { sum, line in
      sum + (line.hasPrefix("  \(name): ") ? Int(line.split(separator: " ")[1])! : 0)
    }
  }

  @Test("the counters of a server equal its traffic", .needs("socat", "protoc"), arguments: [1, 3])
  func traffic(loops: Int) throws {
    let path = Self.freshPath()
    let echo = try Program("echo", ["tcp://127.0.0.1:0", "--loops", "\(loops)", "--metrics", path])
    let port = try port(in: echo.line())
    let bytes = [UInt8](repeating: 7, count: 100_000)
    for _ in 0..<5 {
      #expect(try output(of: "socat", ["-t", "10", "-", "TCP:127.0.0.1:\(port)"], input: bytes) == bytes)
    }
    var text = try snapshot(path)
    let deadline = ContinuousClock.now + .seconds(20)
    while total("connections_closed", in: text) < 5, ContinuousClock.now < deadline { text = try snapshot(path) }
    #expect(total("connections_opened", in: text) == 5)
    #expect(total("connections_closed", in: text) == 5)
    #expect(total("accepts", in: text) == 5)
    #expect(total("bytes_read", in: text) == 500_000)
    #expect(total("bytes_written", in: text) == 500_000)
    #expect(text.components(separatedBy: "\nloops {").count - 1 == loops)
    echo.signal(SIGTERM)
    #expect(echo.exitCode() == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("a metrics socket that is taken, or a file, is one line and exit code 1, and nothing is served")
  func taken() throws {
    let (path, file) = (Self.freshPath(), Self.freshPath())
    let first = try Program("echo", ["tcp://127.0.0.1:0", "--metrics", path])
    _ = first.line()
    #expect(FileManager.default.createFile(atPath: file, contents: nil))
    defer { try? FileManager.default.removeItem(atPath: file) }
    for taken in [path, file] {
      let second = try Program("echo", ["tcp://127.0.0.1:0", "--metrics", taken])
      #expect(second.outputToEnd().isEmpty)
      let errors = second.errorsToEnd()
      #expect(errors.contains("metrics socket: bind failed for address \"unix://\(taken)\""))
      #expect(errors.split(separator: "\n").count == 1)
      #expect(second.exitCode() == 1)
      #expect(FileManager.default.fileExists(atPath: taken))
    }
  }
}
