import Foundation
import Gnet
import TestPeers
import TestSupport
@testable import GnetMetrics
import MetricsClient
import Testing

@Suite struct ReadmeTests {
  /// A block of code in the README.
  private struct Block {
    let language: String
    let text: String
  }

  private static func blocks() throws -> [Block] {
    try Package.text("README.md").matches(of: #/(?m)^```(\w+)\n((?:.*\n)*?)```$/#).map {
      Block(language: String($0.1), text: String($0.2))
    }
  }

  /// Has what the blocks call /tmp be another folder, and their port another one.
  private static func prepared(_ text: String, _ folder: String, port: Int) -> String {
    text.replacing("/tmp", with: folder).replacing("9464", with: "\(port)")
  }

  @Test(
    "every command of the README does what it says",
    .enabled(
      if: ["socat", "protoc", "curl"].allSatisfy(Program.has)
        && Tool.hasSuccess("PATH=/usr/bin:$PATH python3 -c 'import google.protobuf'"),
      "socat, protoc, curl or Python's protobuf library is not installed"))
  func commands() throws {
    let folder = Files.temporaryPath()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let blocks = try Self.blocks()
    let port = try freePort()
    try withServer(try TestServer(metrics: "\(folder)/echo.sock", loops: 2)) { server in
      let client = try Client(server.addresses[0])
      try client.send("hello")
      _ = try client.receive(exactly: 5)
      _ = try server.snapshot(where: "the bytes are counted") { $0.total(\.bytesWritten) == 5 }
      let script = try #require(blocks.first { $0.language == "python" }).text
      try script.write(toFile: "\(folder)/read_metrics.py", atomically: true, encoding: .utf8)
      var running: [Program] = []
      var outputs: [String] = []
      for block in blocks where block.language == "sh" {
        let text = Self.prepared(block.text, folder, port: port)
        if text.hasPrefix("gnet-metrics watch") || text.hasPrefix("gnet-metrics serve") {
          let program = try Tool.script("exec \(text)")
          try require("there is output of: \(text)") { !program.outputSoFar.isEmpty }
          running.append(program)
        } else {
          let (status, output, errors) = try Tool.script("PATH=\"${PATH%%:*}:/usr/bin:$PATH\"\n\(text)").result()
          #expect(status == 0 && errors == "", "\(text)\(errors)")
          outputs.append(output)
        }
      }
      for program in running {
        program.signal(SIGINT)
        let (status, _, errors) = try program.result()
        #expect(status == 0 && errors == "")
      }
      #expect(running.count == 2 && outputs.count == 4)
      #expect(outputs[0].contains("\"bytes_written\":5"))
      #expect(outputs[1].contains("bytes_written: 5"))
      #expect(outputs[2].split(separator: "\n").map(String.init) == ["0 1 5 5", "1 0 0 0"])
      #expect(outputs[3].contains("gnet_up{server=\"\(server.metrics)\"} 1\n"))
    }
  }

  @Test("the server of the README is one, and its example is this code")
  func server() throws {
    let (path, started) = ("/tmp/echo.sock", "tcp://127.0.0.1:0")
    let block = try #require(try Self.blocks().first { $0.text.hasPrefix("import Gnet\n") })
    #expect(block.text.contains(path) && block.text.contains(started))
    // The script of the README, with another path, and an end.
    let fresh = Files.temporaryPath()
    var events = Events()
    events.react = { connection, input in
      connection.write(moving: &input)
      return .none
    }
    events.install(MetricsExporter(socketPath: fresh))
    events.onInitComplete = { server in
      #expect((try? MetricsSnapshot(from: fresh))?.loops.count == 1)
      return .shutdown
    }
    try serve(events, on: "tcp://127.0.0.1:0")
    #expect(!Files.exists(fresh))
  }

  @Test("Prometheus accepts the configuration of the README and the alerts", .needs("promtool"))
  func configuration() throws {
    let folder = Files.temporaryPath()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for block in try Self.blocks() where block.language == "yaml" {
      let name = try #require(block.text.firstMatch(of: #/^# (\S+)\n/#)).1
      try block.text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }
    try Package.text("monitoring/gnet-rules.yml")
      .write(toFile: "\(folder)/gnet-rules.yml", atomically: true, encoding: .utf8)
    let (status, output, errors) = try Tool.script("promtool check config \(folder)/prometheus.yml").result()
    #expect(status == 0, "\(output)\(errors)")
    #expect(output.contains("13 rules found"))
  }

  @Test("each alert fires when it should and at no other time", .needs("promtool"))
  func alerts() throws {
    let (status, output, errors) = try Tool.script("promtool test rules monitoring/gnet-rules-test.yml").result()
    #expect(status == 0, "\(output)\(errors)")
  }

  @Test("the README's table has every field of a loop, in the schema's order and under the names in use")
  func table() throws {
    let rows = try Package.text("README.md").matches(of: #/(?m)^\| `(\w+)` \| (?:label )?`(\w+)` \|/#)
    #expect(rows.map { String($0.1) }.sorted() == (try Schema().fields(of: "LoopCounters")).sorted())
    let exposition = PrometheusFormat.text([FormatTests.reading("/a")])
    for row in rows where row.2.hasPrefix("gnet_") { #expect(exposition.contains("# TYPE \(row.2) "), "\(row.2)") }
  }
}
